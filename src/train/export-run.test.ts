import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readContract } from '../detect/detector.ts';
import { decodeModel } from '../graph/onnx/proto.ts';
import type { Tensor } from '../graph/tensor.ts';
import { encodePng } from '../media/image.ts';
import { newestCheckpoint } from './checkpoint.ts';
import { exportRun } from './export-run.ts';
import { parseRecipe, resolveRecipe } from './recipe.ts';
import { startRun } from './run.ts';

let root: string;
const run = () => join(root, 'run');

beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'mesoscope-export-'));
  const rows = ['id,file,label,videoId,sourceId'];
  for (let i = 0; i < 12; i++) {
    const data = new Uint8Array(32 * 32 * 3).map((_, k) => (k * (i + 3) * 31) % 256);
    writeFileSync(join(root, `${i}.png`), await encodePng({ width: 32, height: 32, data }));
    rows.push(`${i},${i}.png,${i % 2 ? 'manipulated' : 'real'},v${i},s${i}`);
  }
  writeFileSync(join(root, 'manifest.csv'), `${rows.join('\n')}\n`);
  const recipe = parseRecipe({
    schema: 'mesoscope.recipe/1',
    name: 'exported',
    data: {
      layout: 'manifest',
      path: '.',
      split: { seed: 1, shares: { train: 0.6, validation: 0.4, test: 0 } },
    },
    network: { name: 'meso4' },
    size: 32,
    loss: { kind: 'cross-entropy' },
    optimiser: { kind: 'adamw' },
    schedule: { kind: 'constant', rate: 0.01 },
    ema: 0.5,
    steps: 6,
    batchSize: 4,
    // Log loss only rises at such a rate, or not: what matters is that best and newest are two things.
    validation: { metric: 'log-loss', every: 2 },
    checkpoints: { every: 1, keep: 1 },
    threads: 1,
    workers: 0,
    detector: { name: 'exported', crop: { kind: 'square', scale: 1.3, fill: 'edge' } },
  });
  await startRun(resolveRecipe(recipe, root), { folder: run() });
}, 60_000);
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** The bytes of a weight in a detector's file. */
function weight(bytes: Uint8Array, path: string): number[] {
  const entry = decodeModel(bytes).graph?.initializer?.find(({ name }) => name === path);
  return [...new Float32Array(Uint8Array.from(entry?.rawData ?? []).buffer)];
}

test('the best checkpoint’s detector is the run’s own', async () => {
  const { bytes, steps } = await exportRun(run(), 'best');
  const own = readFileSync(join(run(), 'model.onnx'));
  expect(Buffer.compare(Buffer.from(bytes), own)).toBe(0);
  expect(readContract('x', bytes).training.recipe).toBe(`exported, ${steps} steps`);
});

test('the newest is the moving average at the last step', async () => {
  const { bytes, steps, validation } = await exportRun(run(), 'newest');
  expect(steps).toBe(6);
  expect(validation['log-loss']).toBeGreaterThan(0);
  const newest = await newestCheckpoint(join(run(), 'checkpoints'));
  if (!newest) throw new Error('no checkpoint');
  const { tensors } = newest;
  const valuesOf = (key: string) => Array.from((tensors.get(key) as Tensor).data as Float32Array);
  const path = [...tensors.keys()].find((key) => key.startsWith('ema/') && key.endsWith('weight')) as string;
  const name = path.slice('ema/'.length);
  const average = valuesOf(path);
  expect(weight(bytes, name)).toEqual(average);
  expect(average).not.toEqual(valuesOf(name));
});

test('a folder that is no run is refused by name', async () => {
  await expect(exportRun(root, 'newest')).rejects.toMatchObject({ code: 'RUN_MISSING' });
});
