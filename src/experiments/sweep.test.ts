import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { encodePng } from '../media/image.ts';
import { listRuns, runRows } from './runs.ts';
import { ranked, type SweptRun, sweep } from './sweep.ts';
import { drawRun, onData, readSweep, recipeOfDraw, type Sweep } from './sweep-file.ts';

const recipe = {
  schema: 'mesoscope.recipe/1',
  name: 'small',
  data: {
    layout: 'manifest',
    path: 'set',
    split: { seed: 1, shares: { train: 0.6, validation: 0.4, test: 0 } },
  },
  network: { name: 'meso4' },
  size: 32,
  loss: { kind: 'cross-entropy' },
  optimiser: { kind: 'adamw' },
  schedule: { kind: 'constant', rate: 0.001 },
  steps: 3,
  batchSize: 4,
  validation: { metric: 'log-loss', every: 2 },
  checkpoints: { every: 1, keep: 1 },
  threads: 1,
  workers: 0,
};

const document = {
  schema: 'mesoscope.sweep/1',
  name: 'trial',
  recipe,
  runs: 4,
  seed: 3,
  parameters: {
    'optimiser.decay': { kind: 'log-uniform', low: 1e-5, high: 0.1 },
    'network.options.dropout': { kind: 'uniform', low: 0, high: 0.5 },
    batchSize: { kind: 'choice', values: [2, 4] },
    schedule: {
      kind: 'choice',
      values: [
        { kind: 'constant', rate: 0.001 },
        { kind: 'cosine', rate: 0.01 },
      ],
    },
  },
};

let root: string;
async function written(changes: object = {}): Promise<Sweep> {
  const path = join(root, 'sweep.json');
  writeFileSync(path, JSON.stringify({ ...document, ...changes }));
  return readSweep(path);
}

beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'mesoscope-sweep-'));
  const rows = ['id,file,label,videoId,sourceId'];
  for (let i = 0; i < 20; i++) {
    const data = new Uint8Array(32 * 32 * 3).map((_, k) => (k * (i + 3) * 31) % 256);
    const file = `${i}.png`;
    const { mkdirSync } = await import('node:fs');
    mkdirSync(join(root, 'set'), { recursive: true });
    writeFileSync(join(root, 'set', file), await encodePng({ width: 32, height: 32, data }));
    rows.push(`${i},${file},${i % 2 ? 'manipulated' : 'real'},v${i},s${i}`);
  }
  writeFileSync(join(root, 'set', 'manifest.csv'), `${rows.join('\n')}\n`);
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

describe('drawing', () => {
  test('a run is a function of seed and number, whatever the order of keys or the number of runs', async () => {
    const file = await written();
    const draw = drawRun(file, 2);
    expect(drawRun(await written({ runs: 100 }), 2)).toEqual(draw);
    const turned = Object.fromEntries(Object.entries(document.parameters).reverse());
    expect(drawRun(await written({ parameters: turned }), 2).values).toEqual(draw.values);
    expect(drawRun(await written({ seed: 4 }), 2).values).not.toEqual(draw.values);
  });

  test('keeps to the ranges, log-uniform over orders of magnitude', async () => {
    const file = await written();
    const draws = Array.from({ length: 400 }, (_, k) => drawRun(file, k).values);
    const decays = draws.map((values) => values['optimiser.decay'] as number);
    expect(Math.min(...decays)).toBeGreaterThanOrEqual(1e-5);
    expect(Math.max(...decays)).toBeLessThanOrEqual(0.1);
    // The middle of the logarithms is 1e-3: half of the draws lie below it.
    expect(decays.filter((decay) => decay < 1e-3).length / 400).toBeCloseTo(0.5, 1);
    expect(new Set(draws.map((values) => values.batchSize))).toEqual(new Set([2, 4]));
  });

  test('puts values into the recipe, which is checked', async () => {
    const file = await written();
    const draw = drawRun(file, 0);
    const made = recipeOfDraw(file, draw);
    expect(made.optimiser).toMatchObject({ kind: 'adamw', decay: draw.values['optimiser.decay'] });
    expect(made.network.options).toMatchObject({ dropout: draw.values['network.options.dropout'] });
    expect(made.name).toBe('trial-0000');
    expect(made.data.path).toBe(join(root, 'set'));
    expect(file.recipe).toEqual(recipe);
  });

  test('on another set, draws the rest as before', async () => {
    const parameters = { ...document.parameters, 'data.path': { kind: 'choice', values: ['a', 'b'] } };
    const file = await written({ parameters });
    const other = onData(file, '/elsewhere');
    const { 'data.path': _, ...rest } = drawRun(file, 2).values;
    expect(drawRun(other, 2).values).toEqual(rest);
    expect(recipeOfDraw(other, drawRun(other, 2)).data).toMatchObject({
      path: '/elsewhere',
      layout: 'manifest',
    });
  });

  test('the best run comes first, whichever way its metric is better', () => {
    const of = (metric: 'auc' | 'log-loss', values: (number | null)[]) =>
      values.map((best, run) => ({ run, best, metric }) as SweptRun);
    expect(ranked(of('auc', [0.6, null, 0.9])).map(({ run }) => run)).toEqual([2, 0]);
    expect(ranked(of('log-loss', [0.6, null, 0.9])).map(({ run }) => run)).toEqual([0, 2]);
  });

  test.each([
    [{ 'optimiser.dekay': { kind: 'uniform', low: 0, high: 1 } }, 'dekay'],
    [{ batchSize: { kind: 'uniform', low: 2, high: 1 } }, 'batchSize'],
    [{ 'a.__proto__.b': { kind: 'choice', values: [1] } }, '__proto__'],
  ])('%j is refused by name', async (parameters, words) => {
    const attempt = async () => {
      const file = await written({ parameters });
      await sweep(file, {
        out: join(root, 'refused'),
        train: async () => ({ failure: { message: '', code: null } }),
      });
    };
    await expect(attempt()).rejects.toThrow(words);
    expect(({} as Record<string, unknown>).b).toBeUndefined();
  });
});

describe('a sweep', () => {
  test('a process that dies because it was told to stop is no failed run', async () => {
    const file = await written();
    const stop = new AbortController();
    const out = join(root, 'stopped');
    const dies = async () => {
      stop.abort();
      return { failure: { message: 'its process was killed by SIGTERM', code: null } };
    };
    const runs = await sweep(file, { out, signal: stop.signal, train: dies });
    expect(runs.map(({ status }) => status)).toEqual(['interrupted', 'waiting', 'waiting', 'waiting']);
    expect(existsSync(join(runs[0].folder, 'failed.json'))).toBe(false);
  });

  test('trains, records a failure as one, stops and goes on without doing anything twice', async () => {
    const file = await written({
      parallel: 2,
      parameters: {
        ...document.parameters,
        // Larger than the set: such a run cannot train.
        batchSize: { kind: 'choice', values: [2, 4, 400] },
      },
    });
    const sizes = Array.from({ length: 4 }, (_, k) => drawRun(file, k).values.batchSize);
    expect(new Set(sizes).has(400) && new Set(sizes).size > 1).toBe(true);
    const out = join(root, 'out');
    const stop = new AbortController();
    const first: SweptRun[] = [];
    await sweep(file, {
      out,
      signal: stop.signal,
      onRun: (run) => {
        first.push(run);
        stop.abort();
      },
    });
    expect(first.length).toBeLessThan(4);
    const second: SweptRun[] = [];
    const runs = await sweep(file, { out, onRun: (run) => second.push(run) });
    const trained = runs.filter(({ status }) => status === 'finished');
    const failed = runs.filter(({ status }) => status === 'failed');
    expect(trained.map(({ run }) => run)).toEqual(sizes.flatMap((size, k) => (size === 400 ? [] : [k])));
    expect(failed.every(({ failure }) => failure?.code === 'BATCH_IMPOSSIBLE')).toBe(true);
    for (const run of trained) {
      expect(run.steps).toBe(3);
      expect(run.validation?.['log-loss']).toBeGreaterThan(0);
      expect(existsSync(join(run.folder, 'checkpoints', 'best.safetensors'))).toBe(true);
    }
    expect(first.length + second.length).toBe(4);
    let calls = 0;
    await sweep(file, {
      out,
      train: async () => {
        calls++;
        return { failure: { message: '', code: null } };
      },
    });
    expect(calls).toBe(0);

    const { runs: listed } = await listRuns(out);
    expect(listed.map(({ name, status }) => [name, status])).toEqual(
      runs.map(({ run, status }) => [`runs/${String(run).padStart(4, '0')}`, status]),
    );
    const one = listed[trained[0].run];
    expect(one.curve.loss).toHaveLength(3);
    expect(one.curve.metric.map(([step]) => step)).toEqual([2, 3]);
    expect(one.drawn).toEqual(trained[0].shown);
    const { columns, rows } = runRows(listed);
    expect(columns).toContain('drawn.optimiser.decay');
    expect(rows[trained[0].run]['validation.log-loss']).toBe(trained[0].validation?.['log-loss']);
    expect(rows[failed[0].run].failure).toContain('400');
    expect(readFileSync(join(out, 'sweep.json'), 'utf8')).toContain('"trial"');
  }, 120_000);
});
