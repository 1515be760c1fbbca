/** The recipe's data set, split, with the pairs that are made on the fly. */
import { existsSync } from 'node:fs';
import { errors } from '../base/errors.ts';
import { readFacesCsv } from '../data/layouts/faces-csv.ts';
import { manifestPath } from '../data/layouts/index.ts';
import { type Item, type Manifest, readManifest, type SplitName } from '../data/manifest.ts';
import { type Split, splitBySource, splitGiven } from '../data/split.ts';
import { expandReals, type PairItem } from '../data/synthesize/on-the-fly.ts';
import { type PointSearch, withPoints } from '../data/synthesize/with-points.ts';
import type { ResolvedRecipe } from './recipe.ts';

export interface TrainingData {
  train: PairItem[];
  validation: PairItem[];
  source: Manifest;
  /** Items that are in neither, the test split aside. */
  dropped: number;
}

/**
 * Reads and splits the set: as the recipe says or, where it says nothing, by the sides that the set's authors chose.
 * Where forgeries are made on the fly, the real training items become pairs, and so do the validation items where
 * all are real; `search` says where landmarks that the set lacks are kept.
 * @throws what reading the manifest throws; RECIPE_INVALID where nobody says how to split; DATA_EMPTY where a split
 * has no item.
 */
export async function loadData(
  { data }: Pick<ResolvedRecipe, 'data'>,
  search: PointSearch,
): Promise<TrainingData> {
  const source = await readSource(data);
  const sides = splitOf(source.items, data);
  let dropped = source.dropped.length + sides.dropped.length;
  const checkSides = (train: readonly Item[], validation: readonly Item[]) => {
    const whose = data.split ? '' : ' (the recipe may name a split of its own)';
    if (train.length === 0) throw errors.DATA_EMPTY(data.path, `its training split is empty${whose}`);
    if (validation.length === 0) throw errors.DATA_EMPTY(data.path, `its validation split is empty${whose}`);
  };
  checkSides(sides.train, sides.validation);
  const { synthesize } = data;
  if (!synthesize) return { train: sides.train, validation: sides.validation, source, dropped };
  const pairsOf = async (items: readonly Item[], side: string) => {
    // As `dataset synthesize`: what was altered on purpose is no face to begin with.
    const reals = items.filter(({ label, method }) => label === 0 && method !== 'hard-negative');
    if (reals.length === 0) throw errors.DATA_EMPTY(data.path, `its ${side} split holds no real item`);
    const faces = await withPoints(source.folder, reals, search);
    dropped += faces.dropped.length;
    return expandReals(faces.items);
  };
  const pairs = await pairsOf(sides.train, 'training');
  // What fills the rest of each batch.
  const own = synthesize.share < 1 ? sides.train : [];
  if (own.length === 0) dropped += sides.train.filter(({ label }) => label === 1).length;
  // Forgeries that others made say more about a detector than those it is trained on.
  const validation = sides.validation.some(({ label }) => label === 1)
    ? sides.validation
    : await pairsOf(sides.validation, 'validation');
  checkSides(pairs, validation);
  return { train: [...pairs, ...own], validation, source, dropped };
}

/**
 * One side of the recipe's split as it is, nothing forged: what evaluation and calibration look at.
 * @throws as {@link loadData}
 */
export async function readSide({ data }: Pick<ResolvedRecipe, 'data'>, side: SplitName): Promise<Manifest> {
  const source = await readSource(data);
  const items = splitOf(source.items, data)[side];
  if (items.length === 0) throw errors.DATA_EMPTY(data.path, `its ${side} split is empty`);
  return { ...source, items };
}

async function readSource({ layout, path }: ResolvedRecipe['data']): Promise<Manifest> {
  if (layout === 'faces-csv') return readFacesCsv(path);
  // A prepared folder stands for its manifest.
  return readManifest((existsSync(path) ? manifestPath(path) : undefined) ?? path);
}

function splitOf(items: readonly Item[], { split, path }: ResolvedRecipe['data']): Split {
  if (split) return splitBySource(items, split);
  if (items.some((item) => item.split !== undefined)) return splitGiven(items);
  throw errors.RECIPE_INVALID(
    'data.split',
    `${path} gives its items no sides (column "split"), so the recipe must say how to split`,
  );
}
