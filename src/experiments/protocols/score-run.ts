/** The best weights of a run on pictures: score, the network's own decision, and its mask against the truth. */
import { join } from 'node:path';
import { type Augment, noAugment } from '../../data/augment/index.ts';
import type { Item } from '../../data/manifest.ts';
import { openPipeline } from '../../data/pipeline.ts';
import { input } from '../../graph/leaves.ts';
import { emitOnnx } from '../../graph/onnx/emit.ts';
import { Scope } from '../../graph/scope.ts';
import { floats, tensor } from '../../graph/tensor.ts';
import type { PixelCounts } from '../../metrics/segmentation.ts';
import { readSafeTensors } from '../../models/weights/safetensors.ts';
import { openSession } from '../../runtime/session.ts';
import { centresOf, countMapPixels } from '../../train/map-pixels.ts';
import { networkOf, type ResolvedRecipe } from '../../train/recipe.ts';

export interface ScoredPicture {
  item: Item;
  /** Probability of manipulated, 0 to 1. */
  score: number;
  /** The network's own decision: at 0.5, or a segmenter's at its tau2 (003, equation 6). */
  called: 0 | 1;
  /** Its mask (tau1 of a classifier, 0.5 of a segmenter) against the truth; undefined where it has no map. */
  pixels?: PixelCounts;
  /** The map, where it was asked for. */
  map?: { width: number; height: number; data: Float32Array };
}

export interface ScoreRunOptions {
  /** Folder that the items' paths start from. */
  folder: string;
  items: readonly Item[];
  /** What is done to every picture first: a quality. */
  augment?: Augment;
  maps?: boolean;
  threads?: number;
  signal?: AbortSignal | undefined;
}

const batchSize = 32;

export async function scoreRun(
  { folder: run, recipe }: { folder: string; recipe: ResolvedRecipe },
  { folder, items, augment = noAugment, maps = false, threads = 1, signal }: ScoreRunOptions,
): Promise<ScoredPicture[]> {
  const network = networkOf(recipe);
  const { size } = recipe;
  const image = input('image', ['N', 3, size, size]);
  const built = network.build(Scope.root('inference'), image, recipe.network.options);
  const { score, map, mask, decision } = built;
  const { tensors } = await readSafeTensors(join(run, 'checkpoints', 'best.safetensors'));
  const session = await openSession(
    emitOnnx({
      name: 'scores',
      outputs: {
        score,
        ...(map ? { map } : {}),
        ...(mask ? { mask } : {}),
        ...(decision ? { decision } : {}),
      },
      weights: tensors,
    }),
    { threads },
  );
  const centres = map ? centresOf(built, image, [size, size]) : undefined;
  const pipeline = openPipeline({
    folder,
    items,
    batchSize,
    size: { width: size, height: size },
    normalisation: network.normalisation,
    sampling: { kind: 'sequential' },
    augment,
    augmentBy: 'item',
    seed: recipe.seed,
    masks: map !== undefined,
    unreadable: 'omit',
    workers: 0,
    prefetch: 1,
    end: Math.ceil(items.length / batchSize),
  });
  const out: ScoredPicture[] = [];
  try {
    for await (const batch of pipeline.batches({ to: pipeline.batchesPerEpoch })) {
      signal?.throwIfAborted();
      if (batch.items.length === 0) continue;
      const results = await session.run({ image: tensor(batch.images, batch.dims) });
      const scores = floats(results.score);
      const decisions = results.decision ? floats(results.decision) : undefined;
      const planes = results.map && planesOf(floats(results.map), results.map.dims);
      const cut = results.mask && results.map ? planesOf(floats(results.mask), results.map.dims) : planes;
      for (const [i, item] of batch.items.entries()) {
        const truth = batch.masks.subarray(i * size * size, (i + 1) * size * size);
        // A manipulated picture whose mask nobody has says nothing about a map.
        const known = item.label === 0 || item.mask !== undefined;
        out.push({
          item,
          score: scores[i],
          called: (decisions ? decisions[i] : Number(scores[i] >= 0.5)) as 0 | 1,
          ...(cut && centres && known ? { pixels: countMapPixels(cut[i], truth, size, centres) } : {}),
          ...(maps && planes ? { map: { ...planes[i], data: planes[i].data.slice() } } : {}),
        });
      }
      batch.release();
    }
  } finally {
    await pipeline.close();
    await session.dispose();
  }
  return out;
}

function planesOf(all: Float32Array, dims: readonly number[]) {
  const [n, height, width] = dims;
  return Array.from({ length: n }, (_, i) => ({
    width,
    height,
    data: all.subarray(i * height * width, (i + 1) * height * width),
  }));
}
