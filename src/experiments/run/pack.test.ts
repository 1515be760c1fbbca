import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { writeTarBody } from '../../data/tar.ts';
import { PackInvalidError, packRun, unpackRun } from './pack.ts';

let root: string;
const at = (name: string) => join(root, name);
const summary = {
  status: 'early-stop',
  folder: '/of/the/worker',
  steps: 3,
  metric: 'auc',
  best: { step: 2, value: 0.75 },
  validation: { auc: 0.75, 'log-loss': null },
  detector: '/of/the/worker/model.onnx',
  skipped: [],
  imagesPerSecond: 10,
  waitShare: 0.1,
};

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'mesoscope-pack-'));
  mkdirSync(at('run/checkpoints'), { recursive: true });
  for (const [name, text] of Object.entries({
    'recipe.json': '{}',
    'summary.json': JSON.stringify(summary),
    'metrics.jsonl': '{"step":1}\n',
    'model.onnx': 'model',
    'checkpoints/best.safetensors': 'best',
    'checkpoints/step-3.safetensors': 'to go on',
  })) {
    writeFileSync(at(`run/${name}`), text);
  }
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

test('a run that ended comes out as it went in, with the paths of this machine', async () => {
  await packRun(at('run'), at('run.tar'));
  const came = await unpackRun(at('run.tar'), at('here'));
  expect(came).toEqual({ ...summary, folder: at('here'), detector: join(at('here'), 'model.onnx') });
  expect(JSON.parse(readFileSync(at('here/summary.json'), 'utf8'))).toEqual(came);
  expect(readdirSync(at('here'), { recursive: true }).sort()).toEqual([
    'checkpoints',
    'checkpoints/best.safetensors',
    'metrics.jsonl',
    'model.onnx',
    'summary.json',
  ]);
  expect(readFileSync(at('here/checkpoints/best.safetensors'), 'utf8')).toBe('best');
});

test('an archive with anything else in it leaves nothing', async () => {
  const text = Buffer.from(JSON.stringify(summary));
  const interrupted = Buffer.from(JSON.stringify({ ...summary, status: 'interrupted' }));
  for (const entries of [
    [
      { name: 'summary.json', bytes: text },
      { name: '../out.json', bytes: text },
    ],
    [
      { name: 'summary.json', bytes: text },
      { name: 'tensorboard/..', bytes: text },
    ],
    [
      { name: 'summary.json', bytes: text },
      { name: 'recipe.json', bytes: text },
    ],
    [{ name: 'metrics.jsonl', bytes: text }],
    [{ name: 'summary.json', bytes: interrupted }],
  ]) {
    await writeTarBody(at('odd.tar'), entries);
    writeFileSync(at('odd.tar'), Buffer.alloc(1024), { flag: 'a' });
    await expect(unpackRun(at('odd.tar'), at('odd'))).rejects.toThrow(PackInvalidError);
  }
  await writeTarBody(at('cut.tar'), [{ name: 'summary.json', bytes: text }]);
  await expect(unpackRun(at('cut.tar'), at('odd'))).rejects.toThrow('cut off');
  expect(existsSync(at('odd'))).toBe(false);
  expect(existsSync(at('out.json'))).toBe(false);
});
