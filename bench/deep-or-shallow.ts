/**
 * 003's question "deep or shallow?" on pseudo-forgeries: VGG3, VGG5, VGG8, FN3 and MesoInception-4, as classifier and as
 * segmenter, each trained from scratch for the same time of one core on the same pairs.
 *
 *   npx tsx bench/deep-or-shallow.ts SET [--seconds 240] [--size 96] [--seed 1] [--only NAME,NAME] [--write]
 *
 * SET is a set with masks, such as `mesoscope dataset synthesize` writes. Batches of 16 (8 pairs), Adam at 1e-3
 * (003, 4.1), flips; split by source. Time is that of the processor, which other programs on the machine do not lengthen. Accuracy is that of each network's own decision, IoU that of its own thresholded
 * mask (tau1 of a classifier, 0.5 of a segmenter) at the pixels of its map, over all validation pictures.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import * as echarts from 'echarts';
import { openPipeline } from '../src/data/pipeline.ts';
import { input } from '../src/graph/leaves.ts';
import type { Value } from '../src/graph/node.ts';
import { emitOnnx } from '../src/graph/onnx/emit.ts';
import { Scope, trainableCount } from '../src/graph/scope.ts';
import { floats, type Tensor, tensor } from '../src/graph/tensor.ts';
import { auc } from '../src/metrics/roc.ts';
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
import { machine, median } from './machine.ts';
import { mergeRows } from './merge.ts';

/** 003's networks and, for the picture of accuracy a millisecond, our own. */
const cases = [
  ...['vgg3', 'vgg5', 'vgg8', 'fn3', 'meso-inception4'].flatMap((name) => [
    [name, 'cls'],
    [name, 'seg'],
  ]),
  ['compact', 'joint'],
] as const;
const losses = {
  cls: { kind: 'cross-entropy' },
  seg: { kind: 'pixel-cross-entropy' },
  joint: { kind: 'joint', lambda: 0.3 },
} as const;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seconds: { type: 'string', default: '240' },
    size: { type: 'string', default: '96' },
    seed: { type: 'string', default: '1' },
    only: { type: 'string' },
    write: { type: 'boolean', default: false },
  },
});
const size = Number(values.size);
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
      network: { name: network, options: task === 'joint' ? {} : { task } },
      size,
      loss: losses[task as keyof typeof losses],
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
      threads: 1,
    }),
    process.cwd(),
  );
}
type Resolved = ReturnType<typeof recipeOf>;

/** Trains until the processor time is over; the clock starts after three steps, when memory is allocated. */
async function train(recipe: Resolved, folder: string): Promise<number> {
  const stop = new AbortController();
  let steps = 0;
  let began: NodeJS.CpuUsage | undefined;
  await startRun(recipe, {
    folder,
    signal: stop.signal,
    onEvent: (event) => {
      if (event.kind !== 'train') return;
      steps = event.step;
      if (steps === 3) began = process.cpuUsage();
      const { user, system } = process.cpuUsage(began);
      if (steps > 3 && (user + system) / 1e6 >= Number(values.seconds)) stop.abort();
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
  const centres = mapLogits ? patchCentres(mapLogits, image) : { stride: [1, 1], first: [0, 0] };
  const session = await openSession(
    emitOnnx({
      name: 'evaluation',
      outputs: {
        score,
        ...(map ? { map } : {}),
        ...(mask ? { mask } : {}),
        ...(decision ? { decision } : {}),
      },
      weights: checkpoint.tensors,
    }),
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
  const [scores, truths]: [number[], number[]] = [[], []];
  for await (const { images, dims, labels, masks } of pipeline.batches({ to: pipeline.batchesPerEpoch })) {
    const results = await session.run({ image: tensor(images, dims) });
    const scored = floats(results.score);
    scores.push(...scored);
    truths.push(...labels);
    const called = results.decision
      ? floats(results.decision)
      : scored.map((value) => (value >= 0.5 ? 1 : 0));
    right += called.reduce((sum, value, i) => sum + (value === labels[i] ? 1 : 0), 0);
    all += called.length;
    if (!results.map) continue;
    const [n, height, width] = results.map.dims;
    const truth = Float32Array.from({ length: n * height * width }, (_, i) => {
      const picture = Math.floor(i / (height * width));
      const y = centres.first[0] + (Math.floor(i / width) % height) * centres.stride[0];
      const x = centres.first[1] + (i % width) * centres.stride[1];
      return masks[(picture * size + Math.min(y, size - 1)) * size + Math.min(x, size - 1)];
    });
    pixels = addPixels(pixels, countPixels(truth, floats(results.mask ?? results.map)));
  }
  await pipeline.close();
  await session.dispose();
  return {
    parameters: trainableCount(scope.parameters),
    pictures: all,
    accuracy: right / all,
    auc: auc({ labels: truths, scores }),
    millisecondsAFace: await millisecondsAFace(score, checkpoint.tensors),
    // MesoInception-4 as a classifier has no activation map (003 gives it one as a segmenter only).
    ...(map
      ? {
          foregroundIou: foregroundIou(pixels),
          backgroundIou: backgroundIou(pixels),
          meanIou: meanIou(pixels),
        }
      : {}),
  };
}

/** The score alone, one face at a time on one core: the median of twenty. */
async function millisecondsAFace(score: Value, weights: ReadonlyMap<string, Tensor>): Promise<number> {
  const session = await openSession(emitOnnx({ name: 'score', outputs: { score }, weights }), { threads: 1 });
  const image = tensor(new Float32Array(3 * size * size).fill(0.25), [1, 3, size, size]);
  const times: number[] = [];
  for (let k = 0; k < 23; k++) {
    const began = performance.now();
    await session.run({ image });
    times.push(performance.now() - began);
  }
  await session.dispose();
  return Math.round(median(times.slice(3)) * 100) / 100;
}

const rows = [];
const only = values.only?.split(',');
for (const [name, task] of cases.filter(([network]) => only?.includes(network) ?? true)) {
  const folder = await mkdtemp(join(tmpdir(), 'mesoscope-depth-'));
  const recipe = recipeOf(name, task);
  const steps = await train(recipe, folder);
  const evaluated = await evaluate(recipe, folder);
  const row = { network: name, task, steps, seen: steps * recipe.batchSize, ...evaluated };
  rows.push(row);
  console.log(JSON.stringify(row));
  await rm(folder, { recursive: true });
}
if (values.write) {
  const chance = rows.every(({ auc: area }) => area !== undefined && Math.abs(area - 0.5) < 0.05);
  const caveat =
    'One seed: differences of a few hundredths are noise. Untouched pictures have an all-black mask.' +
    (chance
      ? ' No network left chance in this time: the table says what the budget allows, and nothing of the networks.'
      : '');
  const file = 'bench/results/deep-or-shallow.json';
  const document = {
    machine: machine(),
    seconds: Number(values.seconds),
    size,
    set: 'autoencoder-texture, expression-warp, face-swap and mouth-blend of 600 portraits, four pairs each, uncompressed',
    seed: Number(values.seed),
    caveat,
    rows: only ? mergeRows(file, rows) : rows,
  };
  await writeFile(file, `${JSON.stringify(document, null, 2)}\n`);
  await writeFile('bench/results/accuracy-per-millisecond.svg', plot(document.rows));
}

/** AUC over the cost of a face; the area of a mark grows with the number of weights. */
function plot(
  points: readonly {
    network: string;
    task: string;
    parameters: number;
    auc?: number | undefined;
    millisecondsAFace: number;
  }[],
): string {
  const chart = echarts.init(null, null, { renderer: 'svg', ssr: true, width: 900, height: 560 });
  const colours: Record<string, string> = { cls: '#0072b2', seg: '#d55e00', joint: '#009e73' };
  chart.setOption({
    animation: false,
    backgroundColor: '#fff',
    title: {
      text: 'Accuracy a millisecond',
      subtext: `${values.seconds} s of one core each on pseudo-forgeries, ${size} px; blue: classifier, orange: segmenter, green: joint`,
      left: 20,
      top: 12,
    },
    grid: { left: 70, right: 40, top: 90, bottom: 60 },
    xAxis: { type: 'log', name: 'ms a face', nameLocation: 'middle', nameGap: 32 },
    yAxis: { type: 'value', name: 'AUC by picture', nameLocation: 'middle', nameGap: 44, scale: true },
    series: points.map(({ network, task, parameters, auc: area, millisecondsAFace: ms }) => ({
      type: 'scatter',
      data: [[ms, area]],
      symbolSize: 6 + 2 * Math.log2(1 + parameters / 10_000),
      itemStyle: { color: colours[task] },
      label: { show: true, position: 'right', formatter: `${network} ${task}`, color: '#222' },
    })),
  });
  const svg = chart.renderToSVGString();
  chart.dispose();
  return `${svg}\n`;
}
