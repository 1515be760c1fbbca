/** A detector over a set of faces that are cut already: one score a picture, at one quality. */
import type { Item } from '../data/manifest.ts';
import { openPipeline } from '../data/pipeline.ts';
import type { Detector } from '../detect/detector.ts';
import { calibrate } from '../detect/verdict.ts';
import { addPixels, noPixels, type PixelCounts } from '../metrics/segmentation.ts';
import { networkNamed } from '../models/index.ts';
import { countMapPixels, mapCentres } from '../train/map-pixels.ts';
import type { Condition } from './conditions.ts';

export interface ScoredItem {
  item: Item;
  /** The network's own score, 0 to 1. */
  raw: number;
  /** After the contract's calibration, 0 to 1. */
  score: number;
}

export interface ScoredSet {
  rows: ScoredItem[];
  /** Pictures that could not be read: they have no score, and none is made up. */
  skipped: { id: string; file: string; reason: string }[];
  /** The map against masks, over the items that have a mask; undefined where the detector or the set has none. */
  pixels?: PixelCounts;
}

export interface ScoreItemsOptions {
  /** Folder that the items' paths start from. */
  folder: string;
  items: readonly Item[];
  condition: Condition;
  /** Threads that decode; 0 uses the calling one. */
  workers?: number;
  onProgress?(done: number, total: number): void;
  signal?: AbortSignal;
}

const batchSize = 32;

/**
 * Scores every item once, in order. The crops must be cut as the detector's contract says: the caller knows.
 * Throws the signal's reason.
 */
export async function scoreItems(
  detector: Detector,
  { folder, items, condition, workers = 1, onProgress, signal }: ScoreItemsOptions,
): Promise<ScoredSet> {
  const { input, network, outputs } = detector.contract;
  const masks = outputs.map !== undefined && items.some(({ mask }) => mask !== undefined);
  const { width, height } = input;
  const centres = masks
    ? mapCentres(networkNamed(network.name), network.options, [height, width])
    : undefined;
  const pipeline = openPipeline({
    folder,
    items,
    batchSize,
    size: { width, height },
    normalisation: { mean: input.mean, deviation: input.deviation },
    sampling: { kind: 'sequential' },
    augment: condition.augment,
    // Conditions are points, not ranges: only motion is drawn, by an item and its place, alike for all detectors.
    seed: 0,
    masks,
    augmentBy: 'item',
    unreadable: 'omit',
    workers,
    prefetch: 2,
    end: Math.ceil(items.length / batchSize),
  });
  const out: ScoredSet = { rows: [], skipped: [] };
  let pixels = noPixels;
  try {
    for await (const batch of pipeline.batches({ to: pipeline.batchesPerEpoch })) {
      signal?.throwIfAborted();
      out.skipped.push(...batch.skipped);
      if (batch.items.length > 0) {
        const { scores, maps } = await detector.scoreNormalised(batch.images, batch.items.length);
        for (const [i, item] of batch.items.entries()) {
          out.rows.push({ item, raw: scores[i], score: calibrate(scores[i], detector.contract) });
          if (!centres || !maps || (item.mask === undefined && item.label === 1)) continue;
          const area = width * height;
          const mask = batch.masks.subarray(i * area, (i + 1) * area);
          pixels = addPixels(pixels, countMapPixels(maps[i], mask, width, centres));
        }
        batch.release();
      }
      onProgress?.(out.rows.length + out.skipped.length, items.length);
    }
  } finally {
    await pipeline.close();
  }
  return pixels === noPixels ? out : { ...out, pixels };
}
