/** Which forgery is made of which picture, with whose face: decided before any worker starts. */
import { hash32, Random } from '../../base/random.ts';
import {
  drawKind,
  type ForgeryKind,
  type ForgeryMix,
  families,
  nearestDonor,
  shapeOf,
} from '../forgery/index.ts';
import type { SourceItem } from '../source.ts';
import { readPoints } from './landmarks.ts';

/** One pair to make. */
export interface Order {
  item: SourceItem;
  kind: ForgeryKind;
  /** Number among the pairs of this picture. */
  n: number;
  /** Faces that may lend themselves, the best first where that is known. */
  donors: SourceItem[];
}

export interface SynthesizeUnit {
  orders: Order[];
  first: number;
}

const ordersPerUnit = 16;
/**
 * Donors come from a ring of so many sources. Pictures of two people tie their sources together, and splits keep what
 * is tied on one side: with donors from everywhere, the whole set would be one piece.
 */
const sourcesInRing = 12;
/** Faces of a ring whose landmarks are compared. */
const mostCandidates = 400;
/** Where nobody knows the landmarks, the worker tries so many at most. */
const blindCandidates = 3;

export async function planOrders(
  folder: string,
  items: readonly SourceItem[],
  { mix, seed, perImage }: { mix: ForgeryMix; seed: number; perImage: number },
): Promise<SynthesizeUnit[]> {
  const needsDonors = Object.entries(mix).some(
    ([kind, weight]) => weight > 0 && families[kind as ForgeryKind].donor === 'required',
  );
  const rings = needsDonors ? await ringsOf(folder, items, seed) : undefined;
  const orders: Order[] = [];
  for (const item of items) {
    for (let n = 0; n < perImage; n++) {
      const random = new Random(seed, 'order', item.id, n);
      let kind = drawKind(mix, random);
      let donors: SourceItem[] = [];
      if (families[kind].donor === 'required') {
        donors = await donorsOf(folder, item, rings?.get(ringKey(item)) ?? [], random);
        // Nobody else is there: a set of one person still gives self-blends.
        if (donors.length === 0) kind = 'self-blend';
      }
      orders.push({ item, kind, n, donors });
    }
  }
  const units: SynthesizeUnit[] = [];
  for (let first = 0; first < orders.length; first += ordersPerUnit) {
    units.push({ orders: orders.slice(first, first + ordersPerUnit), first });
  }
  return units;
}

interface Candidate {
  item: SourceItem;
  sourceId: string;
  shape: Float32Array | undefined;
}

/** Source, of a side → the faces of its ring. Sources that share a video or a person are not told apart here: their names are. */
async function ringsOf(
  folder: string,
  items: readonly SourceItem[],
  seed: number,
): Promise<Map<string, Candidate[]>> {
  const sources = new Map<string, SourceItem[]>();
  for (const item of items) {
    const known = sources.get(ringKey(item));
    if (known) known.push(item);
    else sources.set(ringKey(item), [item]);
  }
  const rings = new Map<string, Candidate[]>();
  for (const side of new Set(items.map(({ split }) => split))) {
    const names = [...sources].filter(([, [first]]) => first.split === side).map(([name]) => name);
    await addRings(rings, folder, { sources, names, seed });
  }
  return rings;
}

/** A donor comes from the same side of a split that the set's authors chose, or that split would leak. */
const ringKey = ({ split, sourceId }: SourceItem) => (split ? `${split}/${sourceId}` : sourceId);

async function addRings(
  rings: Map<string, Candidate[]>,
  folder: string,
  { sources, names: all, seed }: { sources: Map<string, SourceItem[]>; names: string[]; seed: number },
): Promise<void> {
  const ranked = all.sort((a, b) => hash32(`${seed}/ring/${a}`) - hash32(`${seed}/ring/${b}`));
  for (let from = 0; from < ranked.length; from += sourcesInRing) {
    const names = ranked.slice(from, from + sourcesInRing);
    const random = new Random(seed, 'ring', from);
    const faces = random.shuffle(names.flatMap((name) => sources.get(name) ?? [])).slice(0, mostCandidates);
    const ring: Candidate[] = [];
    for (const item of faces) {
      const points = await readPoints(folder, item).catch(() => undefined);
      ring.push({ item, sourceId: item.sourceId, shape: points && shapeOf(points) });
    }
    for (const name of names) rings.set(name, ring);
  }
}

async function donorsOf(
  folder: string,
  item: SourceItem,
  ring: readonly Candidate[],
  random: Random,
): Promise<SourceItem[]> {
  const others = ring.filter(({ sourceId }) => sourceId !== item.sourceId);
  const shaped = others.flatMap(({ shape, ...rest }) => (shape ? [{ ...rest, shape }] : []));
  const points = await readPoints(folder, item).catch(() => undefined);
  const best = points && nearestDonor(points, item.sourceId, shaped);
  if (best) return [shaped[best.index].item];
  return random
    .shuffle(others)
    .slice(0, blindCandidates)
    .map((candidate) => candidate.item);
}
