/** Makes one batch: the same on every thread, from (options, step) alone. */
import { join } from 'node:path';
import { describe, errors } from '../base/errors.ts';
import { Random } from '../base/random.ts';
import { type Mask, readMask, readPicture } from '../media/image.ts';
import { type Augment, augment } from './augment/index.ts';
import type { BatchPlan, BatchSampling } from './batch-sampling.ts';
import { targetOf } from './manifest.ts';
import { type Normalisation, normaliseInto } from './normalise.ts';
import { readThrough } from './shards.ts';
import { planWithPairs } from './synthesize/batch-plan.ts';
import { readPoints } from './synthesize/landmarks.ts';
import { forgeOnTheFly, type PairItem, type PairsInHand, type Synthesize } from './synthesize/on-the-fly.ts';

/** Everything that decides what a batch holds. Plain data: it travels to worker threads. */
export interface BatchOptions {
  folder: string;
  items: readonly PairItem[];
  batchSize: number;
  /** The network's input in pixels. */
  size: { width: number; height: number };
  normalisation: Normalisation;
  sampling: BatchSampling;
  augment: Augment;
  seed: number;
  /** Masks too; an item without one is all manipulated or all real, as its label says. */
  masks: boolean;
  /** The mask of a manipulated picture that has none is -1 everywhere: nobody knows. */
  unknownMasks?: boolean;
  /** Draw augmentations by item, or alike for all items of a source, so that a pair differs only in its forgery. */
  augmentBy: 'item' | 'source';
  /**
   * Where a picture cannot be read: `reserve` fills its slot from the epoch's reserve (training: the batch keeps its
   * size), `omit` leaves it out (evaluation: no item may count twice).
   */
  unreadable: 'reserve' | 'omit';
  /** Makes the forgeries of those `items` that `expandReals` gave. */
  synthesize?: Synthesize | undefined;
}

/** A picture that could not be read. */
export interface Skipped {
  id: string;
  file: string;
  reason: string;
}

/** What one batch holds, n items of it. */
export interface BatchContent {
  /** n x 3 x height x width, normalised RGB. */
  images: Float32Array<ArrayBuffer>;
  /** n labels, 0 real or 1 manipulated. */
  labels: Float32Array<ArrayBuffer>;
  /** n x height x width, 0 to 1, -1 where unknown; empty where masks are not asked for. */
  masks: Float32Array<ArrayBuffer>;
  /** Indices into the options' items. */
  picks: number[];
  skipped: Skipped[];
}

/** In place of a mask's 0 to 1, where nobody knows which pixels of a manipulated picture were manipulated. */
export const unknownMask = -1;

/** Pictures in the making at once on one thread: one decodes (libuv) while another is warped here. */
const inFlight = 3;

export class BatchMaker {
  readonly plan: BatchPlan;
  readonly #options: BatchOptions;

  /** Throws BATCH_IMPOSSIBLE. */
  constructor(options: BatchOptions) {
    this.#options = options;
    this.plan = planWithPairs(options.items, options);
  }

  /** `reuse` is an `images` array of an earlier batch that nobody looks at any more. Throws IMAGES_EXHAUSTED. */
  async make(step: number, reuse?: Float32Array<ArrayBuffer>): Promise<BatchContent> {
    const { items, size, masks, unreadable } = this.#options;
    const epoch = Math.floor(step / this.plan.batchesPerEpoch);
    const batch = step % this.plan.batchesPerEpoch;
    const picks = this.plan.picks(epoch, batch);
    const area = size.width * size.height;
    const length = picks.length * 3 * area;
    const content: BatchContent = {
      images: reuse?.length === length ? reuse : new Float32Array(length),
      labels: new Float32Array(picks.length),
      masks: new Float32Array(masks ? picks.length * area : 0),
      picks,
      skipped: [],
    };
    const failures = new Map<number, string>();
    const queue = picks.keys();
    const inHand: PairsInHand = new Map();
    const run = async () => {
      for (const slot of queue) {
        const reason = await this.#fill(content, slot, picks[slot], epoch, batch, inHand);
        if (reason !== undefined) failures.set(slot, reason);
      }
    };
    await Promise.all(Array.from({ length: inFlight }, run));

    const failed = [...failures.keys()].sort((a, b) => a - b);
    const skip = (index: number, reason: string) =>
      content.skipped.push({ id: items[index].id, file: items[index].file, reason });
    for (const slot of failed) skip(picks[slot], failures.get(slot) ?? '');
    if (failed.length === 0) return content;
    if (unreadable === 'omit') return omit(content, failed, area);
    const { pairSlots } = this.plan;
    const units = new Set(failed.map((slot) => (slot < pairSlots ? slot - (slot % 2) : slot)));
    for (const slot of units) await this.#fillFromReserve(content, slot, epoch, batch, skip);
    return content;
  }

  async #fillFromReserve(
    content: BatchContent,
    slot: number,
    epoch: number,
    batch: number,
    skip: (index: number, reason: string) => void,
  ): Promise<void> {
    const tried = new Set<string>();
    let reason = '';
    let draws = 0;
    for (const candidates of this.plan.reserve(epoch, batch, slot)) {
      // Far more draws than candidates: nearly all have come up, and none could be read.
      if (++draws > 20 * this.#options.items.length + 100) break;
      if (tried.has(candidates.join())) continue;
      tried.add(candidates.join());
      if (candidates.some((index) => content.picks.includes(index)) && draws < 100) continue;
      const reasons: (string | undefined)[] = [];
      const inHand: PairsInHand = new Map();
      for (const [k, index] of candidates.entries()) {
        const failure = await this.#fill(content, slot + k, index, epoch, batch, inHand);
        if (failure !== undefined) skip(index, failure);
        reasons.push(failure);
      }
      const failure = reasons.find((value) => value !== undefined);
      if (failure === undefined) {
        for (const [k, index] of candidates.entries()) content.picks[slot + k] = index;
        return;
      }
      reason = failure;
    }
    const label = this.#options.items[content.picks[slot]].label === 0 ? 'real' : 'manipulated';
    throw errors.IMAGES_EXHAUSTED(label, tried.size, reason || 'all others are in the batch');
  }

  /** Writes one item into its slot; returns why it could not be read, where it could not. */
  async #fill(
    content: BatchContent,
    slot: number,
    index: number,
    epoch: number,
    batch: number,
    inHand: PairsInHand,
  ): Promise<string | undefined> {
    const { items, folder, size, normalisation, seed, masks, augmentBy, synthesize, unknownMasks } =
      this.#options;
    const item = items[index];
    const area = size.width * size.height;
    let picture: Awaited<ReturnType<typeof readPicture>>;
    let mask: Mask | undefined;
    try {
      const read = async () => readPicture(await readThrough(join(folder, item.file)));
      if (synthesize && item.pairOf !== undefined) {
        const face = async () => ({ picture: await read(), points: await readPoints(folder, item) });
        ({ picture, mask } = await forgeOnTheFly(item, synthesize, { seed, epoch, inHand, read: face }));
      } else {
        picture = await read();
        if (masks && item.mask !== undefined)
          mask = await readMask(await readThrough(join(folder, item.mask)));
      }
    } catch (thrown) {
      return describe(thrown);
    }
    const key = augmentBy === 'item' ? `item/${item.id}` : `source/${targetOf(item)}`;
    const randomOf = (name: string) => new Random(seed, 'augment', name, epoch, batch, key);
    const done = await augment(picture, mask, size, this.#options.augment, randomOf);
    normaliseInto(done.picture, normalisation, content.images, slot * 3 * area);
    content.labels[slot] = item.label;
    if (masks) {
      const target = content.masks.subarray(slot * area, (slot + 1) * area);
      if (done.mask) target.set(done.mask);
      else target.fill(unknownMasks && item.label === 1 ? unknownMask : item.label);
    }
    return undefined;
  }
}

function omit(content: BatchContent, failed: readonly number[], area: number): BatchContent {
  const kept = [...content.picks.keys()].filter((slot) => !failed.includes(slot));
  const gather = (from: Float32Array, each: number) => {
    const out = new Float32Array(kept.length * each);
    for (const [k, slot] of kept.entries()) out.set(from.subarray(slot * each, (slot + 1) * each), k * each);
    return out;
  };
  return {
    images: gather(content.images, 3 * area),
    labels: gather(content.labels, 1),
    masks: content.masks.length > 0 ? gather(content.masks, area) : content.masks,
    picks: kept.map((slot) => content.picks[slot]),
    skipped: content.skipped,
  };
}
