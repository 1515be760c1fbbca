import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Random } from '../base/random.ts';
import { loadDetector } from '../detect/detector.ts';
import { encodeJpeg } from '../media/image.ts';
import { readSafeTensors } from '../models/weights/safetensors.ts';
import { parseRecipe, type ResolvedRecipe, resolveRecipe } from './recipe.ts';
import { continueRun, type RunEvent, startRun } from './run.ts';
import { type LogLine, readLog } from './run-log.ts';

const main = fileURLToPath(new URL('../cli/main.ts', import.meta.url));
let folder: string;

/** 24 sources, a real and a manipulated picture of each: manipulated ones carry a checkerboard. */
async function writeData(path: string): Promise<void> {
  mkdirSync(join(path, 'faces'), { recursive: true });
  const lines = ['id,file,label,videoId,sourceId'];
  for (let source = 0; source < 24; source++) {
    for (const label of [0, 1]) {
      const random = new Random(source, 'picture');
      const data = new Uint8Array(40 * 40 * 3);
      const base = [0, 1, 2].map(() => random.integer(60, 190));
      for (let i = 0; i < data.length; i++) {
        const [row, column] = [Math.floor(i / 120), Math.floor(i / 3) % 40];
        const board = label === 1 && (row + column) % 2 === 0 ? 40 : 0;
        data[i] = base[i % 3] + board + random.integer(-5, 5);
      }
      const name = `s${source}-${label}`;
      writeFileSync(
        join(path, 'faces', `${name}.jpg`),
        await encodeJpeg({ width: 40, height: 40, data }, 95),
      );
      lines.push(`${name},faces/${name}.jpg,${label === 0 ? 'real' : 'fake'},${name},s${source}`);
    }
  }
  writeFileSync(join(path, 'manifest.csv'), `${lines.join('\n')}\n`);
}

const base = {
  schema: 'mesoscope.recipe/1',
  name: 'tiny',
  description: 'A test.',
  data: {
    layout: 'manifest',
    path: 'data/manifest.csv',
    words: 'Drawn squares.',
    split: { seed: 1, shares: { train: 0.7, validation: 0.3, test: 0 } },
  },
  network: { name: 'meso4' },
  size: 32,
  loss: { kind: 'mean-squared-error' },
  optimiser: { kind: 'adam' },
  schedule: { kind: 'step', rate: 0.003, every: 20 },
  steps: 30,
  batchSize: 4,
  ema: 0.9,
  clip: 5,
  sampling: { kind: 'paired' },
  augment: { flip: {}, zoom: {}, brightness: {} },
  validation: { every: 10, batchSize: 5 },
  checkpoints: { every: 7, keep: 2 },
  seed: 3,
  threads: 2,
  workers: 0,
  detector: { name: 'tiny', crop: { kind: 'square', scale: 1.3, fill: 'edge' } },
};

const recipe = (changes: object = {}): ResolvedRecipe =>
  resolveRecipe(parseRecipe({ ...base, ...changes }), folder);

/** Figures without what a clock measured. */
const figures = (run: string) =>
  readLog(join(folder, run, 'metrics.jsonl')).map((line: LogLine) => {
    const { stepMs: _, waitMs: __, seconds: ___, ...rest } = line as unknown as Record<string, unknown>;
    return rest;
  });

const bytes = (run: string, file: string) => readFileSync(join(folder, run, file));

/** Starts the command line; kills it as soon as it has told of a step. */
function killedAt(step: number, ...args: string[]): Promise<string | null> {
  const child = spawn(process.execPath, ['--import', 'tsx', main, 'train', ...args, '--json', '--quiet'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  createInterface({ input: child.stdout }).on('line', (line) => {
    const event = JSON.parse(line) as RunEvent;
    if (event.kind === 'train' && event.step >= step) child.kill('SIGKILL');
  });
  return new Promise((done) => child.on('exit', (_, signal) => done(signal)));
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mesoscope-run-'));
  await writeData(join(folder, 'data'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('a run', () => {
  it('leaves everything about itself behind, and a detector that loads', async () => {
    const events: RunEvent[] = [];
    const summary = await startRun(recipe(), {
      folder: join(folder, 'whole'),
      onEvent: (event) => events.push(event),
    });
    expect(summary).toMatchObject({ status: 'finished', steps: 30, metric: 'auc', skipped: [] });
    expect(readdirSync(join(folder, 'whole')).sort()).toEqual([
      'checkpoints',
      'environment.json',
      'metrics.jsonl',
      'model.onnx',
      'recipe.json',
      'summary.json',
    ]);
    // The last two, and the best.
    expect(readdirSync(join(folder, 'whole', 'checkpoints')).sort()).toEqual([
      'best.safetensors',
      'step-00000028.safetensors',
      'step-00000030.safetensors',
    ]);
    const lines = readLog(join(folder, 'whole', 'metrics.jsonl'));
    expect(lines.filter(({ kind }) => kind === 'train').map(({ step }) => step)).toEqual(
      Array.from({ length: 30 }, (_, i) => i + 1),
    );
    expect(lines.filter(({ kind }) => kind === 'validation').map(({ step }) => step)).toEqual([10, 20, 30]);
    const [environment] = JSON.parse(bytes('whole', 'environment.json').toString());
    expect(environment).toMatchObject({
      threads: 2,
      device: 'cpu',
      onnxruntime: expect.stringMatching(/^\d/),
    });
    const detector = await loadDetector(join(folder, 'whole', 'model.onnx'), { threads: 1 });
    expect(detector.contract).toMatchObject({
      name: 'tiny',
      input: { width: 32 },
      network: { name: 'meso4' },
      training: { data: 'Drawn squares.', terms: 'Not stated.' },
    });
    expect(detector.contract.figures[0].value).toBeCloseTo(summary.best?.value as number, 6);
    await detector.close();
    expect(events.filter(({ kind }) => kind === 'checkpoint')).toHaveLength(5);
  });

  it('resumed after real SIGKILLs ends in the same bytes as unbroken', async () => {
    const file = join(folder, 'recipe.json');
    // Another number of workers, which must change nothing either.
    writeFileSync(file, JSON.stringify({ ...base, workers: 1 }));
    const run = join(folder, 'killed');
    // Before the first checkpoint, between two, and after a validation that a checkpoint does not know of yet.
    expect(await killedAt(3, file, '--out', run)).toBe('SIGKILL');
    expect(await killedAt(11, '--resume', run)).toBe('SIGKILL');
    expect(await killedAt(20, '--resume', run)).toBe('SIGKILL');
    expect(existsSync(join(run, 'summary.json'))).toBe(false);
    const starts: number[] = [];
    await continueRun({
      folder: run,
      onEvent: (event) => {
        if (event.kind === 'start') starts.push(event.from);
      },
    });
    expect(starts[0]).toBeGreaterThanOrEqual(14);
    expect(starts[0]).toBeLessThan(30);
    for (const name of [
      'checkpoints/step-00000030.safetensors',
      'checkpoints/best.safetensors',
      'model.onnx',
    ]) {
      expect(bytes('killed', name).equals(bytes('whole', name)), name).toBe(true);
    }
    expect(figures('killed')).toEqual(figures('whole'));
    await expect(continueRun({ folder: run })).rejects.toMatchObject({ code: 'RUN_FINISHED' });
  }, 180_000);

  it('depends on the seed', async () => {
    await startRun(recipe({ seed: 4, steps: 3 }), { folder: join(folder, 'other') });
    expect(figures('other')[0]).not.toEqual(figures('whole')[0]);
  });

  it('ends after the step in hand when interrupted, and goes on to the same weights', async () => {
    const controller = new AbortController();
    const run = join(folder, 'interrupted');
    const summary = await startRun(recipe(), {
      folder: run,
      signal: controller.signal,
      onEvent: (event) => {
        if (event.kind === 'train' && event.step === 16) controller.abort();
      },
    });
    expect(summary).toMatchObject({ status: 'interrupted', steps: 16, detector: null });
    expect(await continueRun({ folder: run })).toMatchObject({ status: 'finished', steps: 30 });
    const name = 'checkpoints/step-00000030.safetensors';
    expect(bytes('interrupted', name).equals(bytes('whole', name))).toBe(true);
  });

  it('trains in phases: what the first one freezes stands still, then moves', async () => {
    const phases = [
      { steps: 4, freeze: ['**', '!head'] },
      { steps: 3, freeze: [] },
    ];
    await startRun(recipe({ steps: undefined, phases, ema: undefined, checkpoints: { every: 4, keep: 9 } }), {
      folder: join(folder, 'phases'),
    });
    const at = async (step: number) =>
      (await readSafeTensors(join(folder, 'phases', 'checkpoints', `step-0000000${step}.safetensors`)))
        .tensors;
    const [first, second] = [await at(4), await at(7)];
    const start = (await readSafeTensors(join(folder, 'phases', 'checkpoints', 'step-00000004.safetensors')))
      .tensors;
    expect(start.get('block1/norm/mean')?.data.every((value) => Number(value) === 0)).toBe(true);
    expect(first.has('state/momentum/block1/conv/weight')).toBe(false);
    expect(second.has('state/momentum/block1/conv/weight')).toBe(true);
    expect(second.get('block1/conv/weight')).not.toEqual(first.get('block1/conv/weight'));
  });

  it('stops early where the metric no longer improves', async () => {
    const validation = { metric: 'auc', every: 2, patience: 2, batchSize: 8 };
    // A rate at which nothing moves: no validation beats the first.
    const schedule = { kind: 'constant', rate: 1e-12 };
    const summary = await startRun(recipe({ validation, schedule, ema: undefined, steps: 20 }), {
      folder: join(folder, 'early'),
    });
    expect(summary.status).toBe('early-stop');
    expect(summary.steps).toBeLessThan(20);
  });

  it('lists a picture that cannot be read, and fills its place', async () => {
    const data = join(folder, 'damaged');
    await writeData(data);
    writeFileSync(join(data, 'faces', 's0-1.jpg'), 'no picture');
    const changes = { steps: 8, data: { ...base.data, path: 'damaged/manifest.csv' } };
    const { skipped } = await startRun(recipe(changes), { folder: join(folder, 'skips') });
    expect(skipped.map(({ id }) => id)).toEqual(['s0-1']);
    expect(skipped[0].reason).not.toBe('');
  });
});

describe('a run that cannot be', () => {
  it('does not write over another', async () => {
    await expect(startRun(recipe(), { folder: join(folder, 'whole') })).rejects.toMatchObject({
      code: 'RUN_EXISTS',
    });
  });

  it('says that a folder holds no run', async () => {
    await expect(continueRun({ folder: join(folder, 'data') })).rejects.toMatchObject({
      code: 'RUN_MISSING',
    });
  });

  it('says that its folder cannot be written', async () => {
    // A file where the folder should be: root, as in containers, may write into folders without permission.
    writeFileSync(join(folder, 'file'), '');
    await expect(startRun(recipe(), { folder: join(folder, 'file', 'run') })).rejects.toMatchObject({
      code: 'OUTPUT_UNWRITABLE',
    });
  });

  it('refuses a checkpoint of another network', async () => {
    const run = join(folder, 'swapped');
    await startRun(recipe({ steps: 7 }), { folder: run });
    await rm(join(run, 'summary.json'));
    const file = join(run, 'recipe.json');
    writeFileSync(
      file,
      JSON.stringify({ ...recipe({ steps: 9 }), network: { name: 'meso-inception4', options: {} } }),
    );
    await expect(continueRun({ folder: run })).rejects.toMatchObject({ code: 'CHECKPOINT_MISMATCH' });
  });

  it('names the metric that the validation split does not allow', async () => {
    const validation = { metric: 'mean-iou', every: 1, batchSize: 8 };
    await expect(startRun(recipe({ validation, steps: 2 }), { folder: join(folder, 'iou') })).rejects.toThrow(
      /wrong at validation\.metric: mean-iou is undefined/,
    );
  });
});
