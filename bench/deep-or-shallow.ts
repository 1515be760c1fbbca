/**
 * 003's question "deep or shallow?" on pseudo-forgeries: VGG3, VGG5, VGG8, FN3 and MesoInception-4, as classifier and as
 * segmenter, each trained from scratch for the same time on the same pairs.
 *
 *   npx tsx bench/deep-or-shallow.ts SET [--seconds 60] [--seed 1] [--write]
 *
 * SET is a set with masks, such as `mesoscope dataset synthesize` writes. 128 px, batches of 16 (8 pairs), Adam at 1e-3
 * (003, 4.1), flips; split by source. Accuracy is that of each network's own decision, IoU that of its own thresholded
 * mask (tau1 of a classifier, 0.5 of a segmenter) at the pixels of its map, over all validation pictures.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { openPipeline } from '../src/data/pipeline.ts';
import { input } from '../src/graph/leaves.ts';
import { emitOnnx } from '../src/graph/onnx/emit.ts';
import { Scope, trainableCount } from '../src/graph/scope.ts';
import { floats, tensor } from '../src/graph/tensor.ts';
import {
  addPixels,
  backgroundIou,
  countPixels,
  foregroundIou,
  meanIou,
  noPixels,
} from '../src/metrics/segmentation.ts';
import { networkNamed } from '../src/models/index.ts';
import { openSession } from '../src/runtime/session.ts';
import { newestCheckpoint } from '../src/train/checkpoint.ts';
import { loadData } from '../src/train/data.ts';
import { patchCentres } from '../src/train/losses/patch-centres.ts';
import { parseRecipe, resolveRecipe } from '../src/train/recipe.ts';
import { startRun } from '../src/train/run.ts';
import { machine } from './machine.ts';

const size = 128;
const names = ['vgg3', 'vgg5', 'vgg8', 'fn3', 'meso-inception4'] as const;
const tasks = ['cls', 'seg'] as const;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seconds: { type: 'string', default: '60' },
    seed: { type: 'string', default: '1' },
    write: { type: 'boolean', default: false },
  },
});
const [set] = positionals;
if (set === undefined) throw new Error('which set? npx tsx bench/deep-or-shallow.ts SET');

function recipeOf(network: string, task: string) {
  return resolveRecipe(
    parseRecipe({
      schema: 'mesoscope.recipe/1',
      name: `${network}-${task}`,
      data: {
        layout: 'manifest',
        path: set,
        split: { seed: 1, shares: { train: 0.8, validation: 0.2, test: 0 } },
      },
      network: { name: network, options: { task } },
      size,
      loss: { kind: task === 'cls' ? 'cross-entropy' : 'pixel-cross-entropy' },
      optimiser: { kind: 'adam' },
      schedule: { kind: 'constant', rate: 0.001 },
      steps: 100_000,
      batchSize: 16,
      sampling: { kind: 'paired' },
      augment: { flip: {} },
      augmentBy: 'source',
      validation: { every: 100_000 },
      checkpoints: { every: 100_000, keep: 1 },
      seed: Number(values.seed),
      threads: 2,
    }),
    process.cwd(),
  );
}
type Resolved = ReturnType<typeof recipeOf>;

/** Trains until the time is over; the clock starts after three steps, when memory is allocated. */
async function train(recipe: Resolved, folder: string): Promise<number> {
  const stop = new AbortController();
  let steps = 0;
  await startRun(recipe, {
    folder,
    signal: stop.signal,
    onEvent: (event) => {
      if (event.kind !== 'train') return;
      steps = event.step;
      if (steps === 3) setTimeout(() => stop.abort(), Number(values.seconds) * 1000);
    },
  }).catch((thrown) => {
    if (!stop.signal.aborted) throw thrown;
  });
  return steps;
}

async function evaluate(recipe: Resolved, folder: string) {
  const checkpoint = await newestCheckpoint(join(folder, 'checkpoints'));
  if (!checkpoint) throw new Error(`no checkpoint in ${folder}`);
  const network = networkNamed(recipe.network.name);
  const image = input('image', ['N', 3, size, size]);
  const scope = Scope.root('inference');
  const { score, map, mapLogits, mask, decision } = network.build(scope, image, recipe.network.options);
  if (!map || !mask || !decision) throw new Error(`${network.name} has no mask`);
  const centres = mapLogits ? patchCentres(mapLogits, image) : { stride: [1, 1], first: [0, 0] };
  const session = await openSession(
    emitOnnx({ name: 'evaluation', outputs: { score, mask, decision }, weights: checkpoint.tensors }),
    { threads: 2 },
  );
  const { validation, source } = await loadData(recipe, {
    cache: join(folder, 'landmarks.json'),
    threads: 2,
  });
  const pipeline = openPipeline({
    folder: source.folder,
    items: validation,
    batchSize: 32,
    size: { width: size, height: size },
    normalisation: network.normalisation,
    sampling: { kind: 'sequential' },
    augment: { fill: 'edge' },
    augmentBy: 'item',
    seed: 1,
    masks: true,
    unreadable: 'omit',
    workers: 1,
    prefetch: 2,
    end: Math.ceil(validation.length / 32),
  });
  let [right, all, pixels] = [0, 0, noPixels];
  for await (const { images, dims, labels, masks } of pipeline.batches({ to: pipeline.batchesPerEpoch })) {
    const results = await session.run({ image: tensor(images, dims) });
    const called = floats(results.decision);
    right += called.reduce((sum, value, i) => sum + (value === labels[i] ? 1 : 0), 0);
    all += called.length;
    const [n, height, width] = results.mask.dims;
    const truth = Float32Array.from({ length: n * height * width }, (_, i) => {
      const picture = Math.floor(i / (height * width));
      const y = centres.first[0] + (Math.floor(i / width) % height) * centres.stride[0];
      const x = centres.first[1] + (i % width) * centres.stride[1];
      return masks[(picture * size + Math.min(y, size - 1)) * size + Math.min(x, size - 1)];
    });
    pixels = addPixels(pixels, countPixels(truth, floats(results.mask)));
  }
  await pipeline.close();
  await session.dispose();
  return {
    parameters: trainableCount(scope.parameters),
    pictures: all,
    accuracy: right / all,
    foregroundIou: foregroundIou(pixels),
    backgroundIou: backgroundIou(pixels),
    meanIou: meanIou(pixels),
  };
}

const rows = [];
for (const name of names) {
  for (const task of tasks) {
    const folder = await mkdtemp(join(tmpdir(), 'mesoscope-depth-'));
    const recipe = recipeOf(name, task);
    const steps = await train(recipe, folder);
    const row = {
      network: name,
      task,
      steps,
      seen: steps * recipe.batchSize,
      ...(await evaluate(recipe, folder)),
    };
    rows.push(row);
    console.log(JSON.stringify(row));
    await rm(folder, { recursive: true });
  }
}
if (values.write) {
  const caveat =
    'One seed and a minute or so each: differences of a few hundredths are noise. Untouched pictures have an all-black mask.';
  const document = {
    machine: machine(),
    seconds: Number(values.seconds),
    seed: Number(values.seed),
    caveat,
    rows,
  };
  await writeFile('bench/results/deep-or-shallow.json', `${JSON.stringify(document, null, 2)}\n`);
}
