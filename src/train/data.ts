/** The recipe's data set, split. */
import { errors } from '../base/errors.ts';
import { readFacesCsv } from '../data/layouts/faces-csv.ts';
import { type Item, type Manifest, readManifest } from '../data/manifest.ts';
import { splitBySource } from '../data/split.ts';
import type { ResolvedRecipe } from './recipe.ts';

export interface TrainingData {
  train: Item[];
  validation: Item[];
  source: Manifest;
  /** Items that are in neither, the test split aside. */
  dropped: number;
}

/** @throws what reading the manifest throws; DATA_EMPTY where a split has no item. */
export async function loadData({ data }: Pick<ResolvedRecipe, 'data'>): Promise<TrainingData> {
  const source = data.layout === 'faces-csv' ? await readFacesCsv(data.path) : await readManifest(data.path);
  const { train, validation, dropped } = splitBySource(source.items, data.split);
  if (train.length === 0) throw errors.DATA_EMPTY(data.path, 'its training split is empty');
  if (validation.length === 0) throw errors.DATA_EMPTY(data.path, 'its validation split is empty');
  return { train, validation, source, dropped: source.dropped.length + dropped.length };
}
