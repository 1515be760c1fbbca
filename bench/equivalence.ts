/**
 * Is our training the same as PyTorch's? The same Meso-4, initial weights, 200 batches and dropout noise in both:
 *
 *   npx tsx bench/equivalence.ts [--write] [--steps 200] [--data ../shared/data/train/dfdc-pairs/faces.csv]
 *
 * prints the largest difference of the losses and, as a yardstick, how far our own losses move when every initial
 * weight is changed by one part in ten million: rounding alone makes training runs drift apart. --write leaves
 * results/equivalence.json and .svg; --redraw makes the plot again from the former.
 */
import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import * as echarts from 'echarts';
import { Random } from '../src/base/random.ts';
import { augmentSchema } from '../src/data/augment/index.ts';
import { readFacesCsv } from '../src/data/layouts/faces-csv.ts';
import { openPipeline } from '../src/data/pipeline.ts';
import { initialWeights } from '../src/graph/scope.ts';
import { type FloatTensor, sizeOf, tensor } from '../src/graph/tensor.ts';
import { meso4 } from '../src/models/meso4.ts';
import type { Network } from '../src/models/network.ts';
import { encodeSafeTensors } from '../src/models/weights/safetensors.ts';
import { optimiserSchema } from '../src/train/optimisers/index.ts';
import { buildStep, type StepOptions } from '../src/train/step.ts';
import { Trainer } from '../src/train/trainer.ts';
import { runChild } from './child.ts';
import { machine } from './machine.ts';

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));
const { values } = parseArgs({
  options: {
    write: { type: 'boolean', default: false },
    redraw: { type: 'boolean', default: false },
    steps: { type: 'string', default: '200' },
    data: { type: 'string', default: path('../../shared/data/train/dfdc-pairs/faces.csv') },
  },
});
if (values.redraw) {
  const { losses } = JSON.parse(readFileSync(path('./results/equivalence.json'), 'utf8'));
  writeFileSync(path('./results/equivalence.svg'), plot(losses));
  process.exit();
}
const steps = Number(values.steps);
const [batchSize, size, seed] = [8, 128, 1];
const network = meso4 as unknown as Network;
const step: StepOptions = {
  network,
  options: network.options.parse({}),
  batchSize,
  size,
  loss: { kind: 'cross-entropy', smoothing: 0 },
  optimiser: optimiserSchema.parse({ kind: 'adam' }),
};
const { parameters, noise } = buildStep(step);
const weights = initialWeights(parameters, seed);
const folder = mkdtempSync(join(tmpdir(), 'mesoscope-equivalence-'));

/** Real faces where they are, else noise whose brightness tells the label; in bytes, so that both sides divide by 255. */
async function* batches(): AsyncGenerator<{ bytes: Uint8Array; labels: Float32Array }> {
  if (existsSync(values.data)) {
    const manifest = await readFacesCsv(values.data);
    const pipeline = openPipeline({
      folder: manifest.folder,
      items: manifest.items,
      batchSize,
      size: { width: size, height: size },
      normalisation: { mean: [0, 0, 0], deviation: [1, 1, 1] },
      sampling: { kind: 'paired' },
      augment: augmentSchema.parse({}),
      augmentBy: 'item',
      unreadable: 'reserve',
      masks: false,
      seed,
      workers: 1,
      prefetch: 2,
      end: steps,
    });
    for await (const { images, labels } of pipeline.batches({ to: steps })) {
      yield { bytes: Uint8Array.from(images, (value) => Math.round(value * 255)), labels };
    }
    return pipeline.close();
  }
  for (let i = 0; i < steps; i++) {
    const random = new Random(seed, 'equivalence', i);
    const labels = Float32Array.from({ length: batchSize }, (_, n) => n % 2);
    const each = 3 * size * size;
    const bytes = Uint8Array.from({ length: batchSize * each }, (_, k) =>
      random.integer(0, 235 + 20 * labels[Math.floor(k / each)]),
    );
    yield { bytes, labels };
  }
}

async function train(first: Map<string, FloatTensor>, record: boolean): Promise<number[]> {
  const trainer = await Trainer.open({ step, initial: first, seed, session: { threads: 2 } });
  const losses: number[] = [];
  for await (const { bytes, labels } of batches()) {
    const i = losses.length;
    if (record) {
      appendFileSync(join(folder, 'images.u8'), bytes);
      appendFileSync(join(folder, 'labels.f32'), new Uint8Array(labels.slice().buffer));
      for (const [k, { name, shape }] of noise.entries()) {
        // As the trainer draws it.
        const random = new Random(seed, 'noise', i, name);
        const draws = Float32Array.from({ length: sizeOf(shape) }, () => random.next());
        appendFileSync(join(folder, `noise${k + 1}.f32`), new Uint8Array(draws.buffer));
      }
    }
    const images = Float32Array.from(bytes, (byte) => byte / 255);
    losses.push((await trainer.step({ images, labels }, i, 1e-3, i + 1)).loss);
  }
  await trainer.dispose();
  return losses;
}

const largest = (a: readonly number[], b: readonly number[], to = a.length) =>
  Math.max(...a.slice(0, to).map((value, i) => Math.abs(value - b[i])));

try {
  writeFileSync(join(folder, 'weights.safetensors'), encodeSafeTensors(weights));
  const ours = await train(weights, true);
  const script = path('./peers/torch_meso4.py');
  const run = await runChild('/usr/bin/python3', [script, folder, ...[steps, batchSize, size].map(String)]);
  if (run.code !== 0) throw new Error(run.stderr);
  const theirs = run.stdout.trim().split('\n').map(Number);
  const moved = new Map(
    [...weights].map(([key, value]) => [
      key,
      tensor(
        value.data.map((v) => v * (1 + 1e-7)),
        value.dims,
      ),
    ]),
  );
  const shaken = await train(moved, false);
  const result = {
    network: 'meso4',
    steps,
    batch: batchSize,
    size,
    data: existsSync(values.data) ? 'dfdc-pairs' : 'synthetic',
    first_loss: { ours: ours[0], torch: theirs[0] },
    largest_difference: largest(ours, theirs),
    largest_difference_of_first_10: largest(ours, theirs, 10),
    mean_of_last_20: { ours: mean(ours.slice(-20)), torch: mean(theirs.slice(-20)) },
    largest_difference_to_ourselves_with_weights_moved_by_1e_7: largest(ours, shaken),
  };
  console.log(JSON.stringify(result));
  if (values.write) {
    const losses = { ours, torch: theirs, shaken };
    const json = { machine: machine(), ...result, losses };
    writeFileSync(path('./results/equivalence.json'), `${JSON.stringify(json, null, 2)}\n`);
    writeFileSync(path('./results/equivalence.svg'), plot(losses));
  }
} finally {
  rmSync(folder, { recursive: true });
}

function mean(numbers: readonly number[]): number {
  return numbers.reduce((sum, value) => sum + value, 0) / numbers.length;
}

/** Both curves above, their difference below. */
function plot({ ours, torch, shaken }: { ours: number[]; torch: number[]; shaken: number[] }): string {
  const chart = echarts.init(null, null, { renderer: 'svg', ssr: true, width: 900, height: 560 });
  const line = (name: string, data: number[], axis: number, width = 1.5) => ({
    name,
    type: 'line' as const,
    data,
    xAxisIndex: axis,
    yAxisIndex: axis,
    showSymbol: false,
    lineStyle: { width },
  });
  const apart = (other: number[]) => ours.map((value, i) => Math.max(1e-9, Math.abs(value - other[i])));
  const x = ours.map((_, i) => i + 1);
  chart.setOption({
    animation: false,
    title: {
      text: 'Meso-4: the same weights, batches and dropout in Mesoscope and PyTorch 1.13',
      textStyle: { fontSize: 15 },
    },
    legend: { top: 32 },
    grid: [
      { top: 70, height: 220, left: 70, right: 30 },
      { top: 350, height: 150, left: 70, right: 30 },
    ],
    xAxis: [0, 1].map((gridIndex) => ({
      gridIndex,
      type: 'category' as const,
      data: x,
      name: gridIndex === 1 ? 'step' : '',
      nameLocation: 'middle' as const,
      nameGap: 28,
    })),
    yAxis: [
      { gridIndex: 0, type: 'value' as const, name: 'loss' },
      {
        gridIndex: 1,
        type: 'log' as const,
        name: 'absolute difference',
        axisLabel: { formatter: (value: number) => value.toExponential(0) },
      },
    ],
    series: [
      line('Mesoscope', ours, 0, 3),
      line('PyTorch', torch, 0),
      line('Mesoscope - PyTorch', apart(torch), 1),
      line('Mesoscope - itself, weights moved by 1e-7', apart(shaken), 1),
    ],
  });
  const svg = chart.renderToSVGString();
  chart.dispose();
  return svg;
}
