import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { drawnFace } from '../data/forgery/cases/drawn-face.ts';
import { type Batch, openPipeline, type PipelineOptions } from '../data/pipeline.ts';
import { expandReals, type PairItem, type Synthesize } from '../data/synthesize/on-the-fly.ts';
import { withPoints } from '../data/synthesize/with-points.ts';
import { encodeJpeg } from '../media/image.ts';
import { loadData } from './data.ts';
import { parseRecipe, resolveRecipe } from './recipe.ts';
import { continueRun, startRun } from './run.ts';
import { readLog } from './run-log.ts';

let folder: string;
const sides = ['train', 'train', 'train', 'train', 'train', 'validation', 'validation', 'test'];

/** Eight drawn faces, real, with landmarks and sides; `fakes` adds a manipulated picture of each. */
async function writeSet(name: string, { fakes = false, split = true } = {}): Promise<string> {
  const path = join(folder, name);
  mkdirSync(path);
  const lines = ['id,file,label,videoId,sourceId,landmarks,split'];
  for (const [k, side] of sides.entries()) {
    const { picture, points } = drawnFace(k + 1);
    writeFileSync(join(path, `${k}.jpg`), await encodeJpeg(picture, 95));
    const landmarks = points.map(({ x, y }) => [x, y]);
    writeFileSync(join(path, `${k}.json`), JSON.stringify({ landmarks }));
    const last = split ? side : '';
    lines.push(`r${k},${k}.jpg,real,v${k},s${k},${k}.json,${last}`);
    if (fakes) lines.push(`f${k},${k}.jpg,fake,w${k},s${k},,${last}`);
  }
  writeFileSync(join(path, 'manifest.csv'), `${lines.join('\n')}\n`);
  return path;
}

const base = {
  schema: 'mesoscope.recipe/1',
  name: 'forged',
  data: { layout: 'manifest', path: 'reals' },
  network: { name: 'meso4' },
  size: 32,
  loss: { kind: 'cross-entropy' },
  optimiser: { kind: 'adam' },
  schedule: { kind: 'constant', rate: 1e-3 },
  steps: 5,
  batchSize: 4,
  checkpoints: { every: 2, keep: 1 },
  validation: { every: 5 },
  seed: 3,
  threads: 1,
  workers: 0,
};
const recipe = (data: object, changes: object = {}) =>
  resolveRecipe(parseRecipe({ ...base, ...changes, data: { ...base.data, ...data } }), folder);
const load = (data: object) => loadData(recipe(data), { cache: join(folder, 'landmarks.json'), threads: 1 });
const ids = (items: readonly PairItem[]) => items.map(({ id }) => id);

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'mesoscope-data-'));
  await writeSet('reals');
  await writeSet('both', { fakes: true });
  await writeSet('sideless', { fakes: true, split: false });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('the sides of a data set', () => {
  it('are those of its authors; a folder stands for its manifest', async () => {
    const { train, validation, dropped } = await load({ path: 'both' });
    expect(ids(train)).toEqual([0, 1, 2, 3, 4].flatMap((k) => [`r${k}`, `f${k}`]));
    expect(ids(validation)).toEqual(['r5', 'f5', 'r6', 'f6']);
    expect(dropped).toBe(0);
  });

  it('are the recipe’s where it names a split', async () => {
    const split = { seed: 1, shares: { train: 0.5, validation: 0.5, test: 0 } };
    const { train, validation } = await load({ path: 'both/manifest.csv', split });
    expect([train.length, validation.length]).toEqual([8, 8]);
  });

  it('must come from one of the two', async () => {
    await expect(load({ path: 'sideless' })).rejects.toMatchObject({
      code: 'RECIPE_INVALID',
      message: expect.stringContaining('data.split'),
    });
  });

  it('do without what exclude.json names', async () => {
    const path = await writeSet('marked', { fakes: true });
    const marks = { schema: 'mesoscope.exclusions/1', items: [{ id: 'r0' }, { id: 'f6' }] };
    writeFileSync(join(path, 'exclude.json'), JSON.stringify(marks));
    const { train, validation, dropped } = await load({ path: 'marked' });
    expect(ids(train)).not.toContain('r0');
    expect(ids(validation)).toEqual(['r5', 'f5', 'r6']);
    expect(dropped).toBe(2);
  });
});

describe('forgeries made on the fly', () => {
  const all: Synthesize = {
    mix: { 'self-blend': 1, 'mouth-blend': 1 },
    share: 1,
    hardNegatives: 0.5,
    postProcess: true,
  };
  const options = (items: readonly PairItem[], changes: Partial<PipelineOptions>): PipelineOptions => ({
    folder: join(folder, 'both'),
    items,
    batchSize: 4,
    size: { width: 48, height: 48 },
    normalisation: { mean: [0, 0, 0], deviation: [1, 1, 1] },
    sampling: { kind: 'shuffle' },
    augment: { fill: 'edge', flip: { probability: 0.5 } },
    seed: 1,
    masks: true,
    augmentBy: 'source',
    unreadable: 'reserve',
    workers: 0,
    prefetch: 2,
    ...changes,
  });
  const batches = async (items: readonly PairItem[], changes: Partial<PipelineOptions>, steps: number[]) => {
    const pipeline = openPipeline(options(items, changes));
    const out: Batch[] = [];
    try {
      for (const step of steps) out.push(await pipeline.batch(step));
    } finally {
      await pipeline.close();
    }
    return out;
  };

  it('turn real items into pairs; the validation side too where it is all real', async () => {
    const alone = await load({ synthesize: {} });
    expect(ids(alone.train)).toEqual([0, 1, 2, 3, 4].flatMap((k) => [`r${k}`, `r${k}#forged`]));
    expect(ids(alone.validation)).toEqual(['r5', 'r5#forged', 'r6', 'r6#forged']);
    const both = await load({ path: 'both', synthesize: {} });
    expect(ids(both.train)).toEqual(ids(alone.train));
    expect(ids(both.validation)).toEqual(['r5', 'f5', 'r6', 'f6']);
    expect(both.dropped).toBe(5);
    expect((await load({ path: 'both', synthesize: { share: 0.5 } })).train).toHaveLength(20);
  });

  it('are the same for any number of workers, and from any step on', async () => {
    const { train } = await load({ path: 'both', synthesize: {} });
    const wanted = await batches(train, { synthesize: all }, [0, 1, 2, 3]);
    const threads = await batches(train, { synthesize: all, workers: 2 }, [0, 1, 2, 3]);
    const [resumed] = await batches(train, { synthesize: all, workers: 1 }, [3]);
    for (const [k, batch] of [...threads, resumed].entries()) {
      const like = wanted[Math.min(k === 4 ? 3 : k, 3)];
      expect(batch.skipped).toEqual([]);
      expect(ids(batch.items)).toEqual(ids(like.items));
      for (const part of ['images', 'labels', 'masks'] as const) {
        expect(Buffer.compare(Buffer.from(batch[part].buffer), Buffer.from(like[part].buffer)), part).toBe(0);
      }
    }
    expect([...wanted[0].labels]).toEqual([0, 1, 0, 1]);
    const area = 48 * 48;
    // Forged sides are white in part: a mask that got lost would be white all over.
    const whites = [0, 1, 2, 3].map((k) => {
      const mask = wanted[0].masks.slice(k * area, (k + 1) * area);
      return [mask.some((v) => v > 0), mask.some((v) => v === 0)];
    });
    expect(whites).toEqual([0, 1, 2, 3].map((k) => [k % 2 === 1, true]));
  }, 180_000);

  it('are others in the next epoch and of another seed', async () => {
    const items = expandReals((await load({ path: 'both' })).train.slice(0, 3));
    const changes = { synthesize: { ...all, hardNegatives: 0 }, augment: { fill: 'edge' as const } };
    const [first, next] = await batches(items, changes, [0, 1]);
    const [other] = await batches(items, { ...changes, synthesize: { ...changes.synthesize, seed: 9 } }, [0]);
    const of = (batch: Batch, id: string) => {
      const at = ids(batch.items).indexOf(id);
      return batch.images.slice(at * 3 * 2304, (at + 1) * 3 * 2304);
    };
    expect(of(next, 'r0#forged')).not.toEqual(of(first, 'r0#forged'));
    expect(of(other, 'r0#forged')).not.toEqual(of(first, 'r0#forged'));
  });

  it('fill their share of a batch, the set’s own items the rest', async () => {
    const { train } = await load({ path: 'both', synthesize: { share: 0.5 } });
    const changes = { synthesize: { ...all, share: 0.5 }, sampling: { kind: 'balanced' as const } };
    for (const batch of await batches(train, { ...changes, batchSize: 8 }, [0, 1, 2])) {
      expect(batch.items.map(({ pairOf }) => pairOf !== undefined)).toEqual(
        [0, 1, 2, 3, 4, 5, 6, 7].map((slot) => slot < 4),
      );
      expect([...batch.labels].filter((label) => label === 1)).toHaveLength(4);
    }
    expect(() => openPipeline(options(train, { ...changes, batchSize: 2 }))).toThrow(/share of 0\.5/);
  });

  it('skip a whole pair where the picture cannot be read', async () => {
    const path = await writeSet('damaged');
    writeFileSync(join(path, '0.jpg'), 'no picture');
    const { train } = await load({ path: 'damaged', synthesize: {} });
    const [batch] = await batches(train.slice(0, 6), { folder: path, synthesize: all, batchSize: 4 }, [0]);
    const later = await batches(train.slice(0, 6), { folder: path, synthesize: all, batchSize: 4 }, [1, 2]);
    for (const { items } of [batch, ...later]) {
      expect(ids(items)).not.toContain('r0');
      expect(items[1].id).toBe(`${items[0].id}#forged`);
      expect(items[3].id).toBe(`${items[2].id}#forged`);
    }
  });

  it('train to a finite loss, and a run that was broken off goes on to the same weights', async () => {
    const data = { synthesize: { mix: { 'self-blend': 2, 'expression-warp': 1 } } };
    const weights = (run: string) =>
      readFileSync(join(folder, run, 'checkpoints', 'step-00000005.safetensors'));
    await startRun(recipe(data), { folder: join(folder, 'whole') });
    const losses = readLog(join(folder, 'whole', 'metrics.jsonl')).flatMap((line) =>
      line.kind === 'train' ? [line.loss] : [],
    );
    expect(losses).toHaveLength(5);
    expect(losses.every((loss) => Number.isFinite(loss) && loss > 0)).toBe(true);
    const controller = new AbortController();
    const broken = { folder: join(folder, 'broken'), signal: controller.signal };
    await startRun(recipe(data, { workers: 1 }), {
      ...broken,
      onEvent: (event) => {
        if (event.kind === 'train' && event.step === 3) controller.abort();
      },
    });
    expect(await continueRun({ folder: broken.folder })).toMatchObject({ status: 'finished', steps: 5 });
    expect(weights('broken').equals(weights('whole'))).toBe(true);
  }, 180_000);
});

describe('a loss that reads masks', () => {
  it('is fed those of the forgeries made on the fly, in training and in validation', async () => {
    const changes = {
      network: { name: 'fn3', options: { task: 'seg' } },
      loss: { kind: 'pixel-cross-entropy' },
      // Undefined where validation is given no masks.
      validation: { every: 5, metric: 'mean-iou' },
    };
    const { validation } = await startRun(recipe({ synthesize: {} }, changes), {
      folder: join(folder, 'pixels'),
    });
    expect(validation?.['mean-iou']).toBeGreaterThan(0);
    const [first] = readLog(join(folder, 'pixels', 'metrics.jsonl'));
    expect(first).toMatchObject({ kind: 'train', loss: expect.any(Number) });
  }, 180_000);
});

describe('landmarks that a set lacks', () => {
  it('are sought once; a picture without a face is left out, with the reason', async () => {
    const items = (await load({ path: 'both' })).train.slice(0, 2);
    const flat = { width: 64, height: 64, data: new Uint8Array(64 * 64 * 3).fill(90) };
    writeFileSync(join(folder, 'both', 'flat.png.jpg'), await encodeJpeg(flat, 90));
    const bare = [...items, { ...items[1], id: 'flat', file: 'flat.png.jpg', landmarks: undefined }];
    const cache = join(folder, 'found.json');
    const searches: number[] = [];
    const search = { cache, threads: 1, onSearch: (pictures: number) => searches.push(pictures) };
    const wanted = bare.filter(({ id }) => id !== 'f0');
    const first = await withPoints(join(folder, 'both'), wanted, search);
    expect(ids(first.items)).toEqual(['r0']);
    expect(first.dropped).toEqual([{ id: 'flat', file: 'flat.png.jpg', reason: 'no face found' }]);
    const written = statSync(cache).mtimeMs;
    expect(await withPoints(join(folder, 'both'), wanted, search)).toEqual(first);
    expect(searches).toEqual([1]);
    expect(statSync(cache).mtimeMs).toBe(written);
  });
});
