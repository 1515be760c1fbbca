/**
 * The input pipeline alone: `npx tsx bench/input.ts [BATCHES] [--synthesize] [--once] [--write]`, one JSON line.
 * MesoNet's augmentation at 256 px, batches of 16, real JPEG crops of 224 px, 1 and 2 worker threads, interleaved.
 * `--synthesize`: at 128 px, self-blended pairs of the real crops made on the fly; and Meso-4's training step behind
 * each number of threads, for the share of its time that it stands waiting.
 * Needs ../shared/data and a build (`npm run build`): threads that start from TypeScript are not what users run.
 */
import { writeFile } from 'node:fs/promises';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { mesonetAugment } from '../src/data/augment/index.ts';
import { readFacesCsv } from '../src/data/layouts/faces-csv.ts';
import type { Pipeline, PipelineOptions } from '../src/data/pipeline.ts';
import { expandReals, synthesizeSchema } from '../src/data/synthesize/on-the-fly.ts';
import { withPoints } from '../src/data/synthesize/with-points.ts';
import { built } from './built.ts';
import { machine, median } from './machine.ts';
import { trainBehind } from './train-behind.ts';

const { openPipeline } = await built<{ openPipeline(options: PipelineOptions): Pipeline }>(
  'data/pipeline.ts',
);
const batches = Number(process.argv[2] ?? 60) || 60;
const rounds = process.argv.includes('--once') ? 1 : 3;
const batchSize = 16;
const forged = process.argv.includes('--synthesize');
const size = forged ? 128 : 256;
const { folder, items: all } = await readFacesCsv('../shared/data/train/dfdc-pairs/faces.csv');
const items = forged ? await pairs() : all;

async function pairs() {
  const reals = all.filter(({ label }) => label === 0).slice(0, 128);
  const cache = join(tmpdir(), 'mesoscope-bench-landmarks.json');
  return expandReals((await withPoints(folder, reals, { cache, threads: 2 })).items);
}

const open = (workers: number) =>
  openPipeline({
    folder,
    items,
    batchSize,
    size: { width: size, height: size },
    normalisation: { mean: [0, 0, 0], deviation: [1, 1, 1] },
    sampling: { kind: 'paired' },
    augment: mesonetAugment,
    seed: 1,
    masks: false,
    augmentBy: 'item',
    unreadable: 'reserve',
    workers,
    prefetch: 4,
    end: batches,
    ...(forged ? { synthesize: synthesizeSchema.parse({}) } : {}),
  });

async function measure(workers: number) {
  const pipeline = open(workers);
  const before = process.cpuUsage();
  for await (const batch of pipeline.batches({ to: batches })) batch.release();
  const { user, system } = process.cpuUsage(before);
  await pipeline.close();
  const { imagesPerSecond, firstBatchSeconds, skipped } = pipeline.stats();
  return {
    imagesPerSecond,
    firstBatchSeconds,
    cpuMsPerImage: (user + system) / 1000 / (batches * batchSize),
    skipped: skipped.length,
    ...(forged ? { training: await trainBehind(open(workers), { size, batchSize, batches }) } : {}),
  };
}

const threads = [0, 1, 2];
const runs = new Map(threads.map((workers) => [workers, [] as Awaited<ReturnType<typeof measure>>[]]));
for (let round = 0; round < rounds; round++) {
  for (const workers of threads) runs.get(workers)?.push(await measure(workers));
}
const round2 = (value: number) => Math.round(value * 100) / 100;
const rows = [...runs].map(([workers, list]) => ({
  workers,
  imagesPerSecond: round2(median(list.map((run) => run.imagesPerSecond))),
  cpuMsPerImage: round2(median(list.map((run) => run.cpuMsPerImage))),
  firstBatchSeconds: round2(median(list.map((run) => run.firstBatchSeconds))),
  skipped: list[0].skipped,
  ...(forged ? { training: list.map(({ training }) => training) } : {}),
}));
// Threads that share the cores with other programs starve: a figure without the load says little.
const load = loadavg().map(round2);
const result = { load, size, forged, batchSize, batches, augment: mesonetAugment, rows, machine: machine() };
console.log(JSON.stringify(result));
if (process.argv.includes('--write')) {
  const caveat =
    'CPU time counts all threads of the process, thread start included. 0 workers: on the main thread.';
  await writeFile(
    `bench/results/input${forged ? '-synthesize' : ''}.json`,
    `${JSON.stringify({ caveat, ...result }, null, 2)}\n`,
  );
}
