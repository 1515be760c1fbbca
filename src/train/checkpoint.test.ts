import { appendFileSync, readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type Tensor, tensor } from '../graph/tensor.ts';
import { newestCheckpoint, readCheckpoint, saveCheckpoint } from './checkpoint.ts';
import { RunLog, readLog } from './run-log.ts';
import { writeWhole } from './write-file.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mesoscope-checkpoint-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const tensors = (value: number) => new Map<string, Tensor>([['head/weight', tensor([value, -0], [2])]]);
const save = (step: number, keep = 2) =>
  saveCheckpoint(folder, tensors(step), { step, sinceBest: 1, best: { value: 0.1 + 0.2, step: 1 } }, keep);

it('gives back exactly what was saved', async () => {
  const read = await readCheckpoint(await save(12));
  expect(read.tensors).toEqual(tensors(12));
  expect(read.progress).toEqual({ step: 12, sinceBest: 1, best: { value: 0.1 + 0.2, step: 1 } });
});

it('keeps the newest ones, in number order, and other files', async () => {
  writeFileSync(join(folder, 'best.safetensors'), '');
  for (const step of [9, 10, 100]) await save(step);
  expect(readdirSync(folder).sort()).toEqual([
    'best.safetensors',
    'step-00000010.safetensors',
    'step-00000100.safetensors',
  ]);
  expect((await newestCheckpoint(folder))?.progress.step).toBe(100);
});

it('goes back to the one before where the newest is damaged, and says so', async () => {
  await save(10);
  truncateSync(await save(20), 100);
  writeFileSync(join(folder, 'step-00000030.safetensors.tmp'), 'half');
  const damaged: string[] = [];
  const found = await newestCheckpoint(folder, (error) => damaged.push(error.message));
  expect(found?.progress.step).toBe(10);
  expect(damaged).toEqual([expect.stringContaining('step-00000020')]);
  expect(await newestCheckpoint(join(folder, 'none'))).toBeUndefined();
});

it('leaves the old file where the new one cannot be written', async () => {
  const path = join(folder, 'file');
  await writeWhole(path, 'old');
  await expect(writeWhole(join(path, 'below'), 'new')).rejects.toMatchObject({ code: 'OUTPUT_UNWRITABLE' });
  expect(readFileSync(path, 'utf8')).toBe('old');
  expect(readdirSync(folder)).toEqual(['file']);
});

it('cuts the log back to a step, with the line that a kill cut short', async () => {
  const path = join(folder, 'metrics.jsonl');
  const log = await RunLog.open(path, 0);
  for (const step of [1, 2, 3]) log.append({ kind: 'skipped', step, id: 'a', file: 'a.jpg', reason: '' });
  log.close();
  appendFileSync(path, '{"kind":"train","st');
  expect(readLog(path).map(({ step }) => step)).toEqual([1, 2, 3]);
  const again = await RunLog.open(path, 2);
  again.append({ kind: 'skipped', step: 3, id: 'b', file: 'b.jpg', reason: '' });
  again.close();
  expect(readLog(path).map(({ step }) => step)).toEqual([1, 2, 3]);
  expect(readFileSync(path, 'utf8').split('\n')).toHaveLength(4);
});
