import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { haveSharedData, shared, skipReason } from '../../test/shared-data.ts';
import { encodeJpeg, encodePng, readPicture } from '../media/image.ts';
import type { Picture } from '../media/types.ts';
import { augmentSchema, mesonetAugment, noAugment } from './augment/index.ts';
import { unknownMask } from './batch.ts';
import { readFacesCsv } from './layouts/faces-csv.ts';
import type { Item, Label } from './manifest.ts';
import { type Batch, openPipeline, type Pipeline, type PipelineOptions } from './pipeline.ts';

const size = { width: 32, height: 32 };
let folder: string;
let items: Item[];

/** One colour a picture, so that it can be told from its values; the upper left quarter is white. */
function picture(shade: number): Picture {
  const data = new Uint8Array(40 * 40 * 3).fill(shade);
  for (let y = 0; y < 20; y++) data.fill(255, y * 120, y * 120 + 60);
  return { width: 40, height: 40, data };
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'mesoscope-pipeline-'));
  const white = picture(0);
  writeFileSync(join(folder, 'mask.png'), await encodePng(white));
  items = [];
  for (let k = 0; k < 24; k++) {
    const label = (k % 2) as Label;
    const id = `item-${k}`;
    writeFileSync(join(folder, `${id}.jpg`), await encodeJpeg(picture(10 * k)));
    const mask = label === 1 ? { mask: 'mask.png' } : {};
    const sourceId = `source-${k >> 1}`;
    items.push({ id, file: `${id}.jpg`, label, method: 'x', videoId: id, sourceId, ...mask });
  }
  writeFileSync(join(folder, 'broken.jpg'), (await encodeJpeg(picture(9))).subarray(0, 300));
  writeFileSync(join(folder, 'text.jpg'), 'not a picture');
});
afterAll(() => rmSync(folder, { recursive: true }));

const open: Pipeline[] = [];
afterEach(async () => {
  for (const pipeline of open.splice(0)) await pipeline.close();
});

function start(changes: Partial<PipelineOptions> = {}): Pipeline {
  const pipeline = openPipeline({
    folder,
    items,
    batchSize: 6,
    size,
    normalisation: { mean: [0, 0, 0], deviation: [1, 1, 1] },
    sampling: { kind: 'shuffle' },
    augment: augmentSchema.parse({ ...mesonetAugment, noise: {}, blur: {}, jpeg: {}, perspective: {} }),
    seed: 7,
    masks: false,
    augmentBy: 'item',
    unreadable: 'reserve',
    workers: 0,
    prefetch: 3,
    ...changes,
  });
  open.push(pipeline);
  return pipeline;
}

/** What decides training, as comparable text: names, and all bytes. */
function digest(batch: Batch): string {
  const bytes = (values: Float32Array) =>
    Buffer.from(values.buffer, values.byteOffset, values.byteLength).toString('base64');
  return [
    batch.step,
    batch.epoch,
    batch.items.map(({ id }) => id),
    batch.skipped.map(({ id }) => id),
    bytes(batch.images),
    bytes(batch.labels),
    bytes(batch.masks),
  ].join('|');
}

async function digests(pipeline: Pipeline, from: number, to: number, release = true): Promise<string[]> {
  const out: string[] = [];
  for await (const batch of pipeline.batches({ from, to })) {
    out.push(digest(batch));
    if (release) batch.release();
  }
  return out;
}

const withBroken = () =>
  items.map((item, k) =>
    k === 4 ? { ...item, file: 'broken.jpg' } : k === 11 ? { ...item, file: 'text.jpg' } : item,
  );

describe('the same batches, bit for bit', () => {
  const options = () => ({ items: withBroken(), masks: true, end: 10 });
  let expected: string[];
  beforeAll(async () => {
    expected = await digests(start(options()), 0, 10);
  });

  it('differ from step to step and from epoch to epoch', () => {
    expect(new Set(expected).size).toBe(10);
  });

  it.each([1, 2, 3])('for %i workers, with unreadable pictures among them', async (workers) => {
    const got = await digests(start({ ...options(), workers }), 0, 10);
    expect(got.map((text, k) => text === expected[k])).toEqual(new Array(10).fill(true));
  });

  it('resumed at step 6, or asked for out of order, or with other prefetch', async () => {
    const resumed = await digests(start({ ...options(), prefetch: 0 }), 6, 10);
    expect(resumed.map((text, k) => text === expected[6 + k])).toEqual([true, true, true, true]);
    const pipeline = start(options());
    for (const step of [8, 1, 2, 9, 0])
      expect(digest(await pipeline.batch(step)) === expected[step]).toBe(true);
    const both = await Promise.all([pipeline.batch(3), pipeline.batch(7)]);
    expect(both.map((b) => digest(b) === expected[b.step])).toEqual([true, true]);
  });

  it('whether buffers are given back or not, but not for another seed', async () => {
    const kept = await digests(start(options()), 0, 10, false);
    expect(kept.every((text, k) => text === expected[k])).toBe(true);
    const other = await digests(start({ ...options(), seed: 8 }), 0, 2);
    expect(other.some((text, k) => text === expected[k])).toBe(false);
  });
});

describe('a batch', () => {
  it('holds normalised planes, labels and masks of its items', async () => {
    const normalisation = { mean: [0.5, 0, 0.25] as const, deviation: [0.5, 1, 2] as const };
    const pipeline = start({
      augment: noAugment,
      normalisation,
      masks: true,
      sampling: { kind: 'sequential' },
    });
    const batch = await pipeline.batch(0);
    expect(batch.dims).toEqual([6, 3, 32, 32]);
    expect([...batch.labels]).toEqual([0, 1, 0, 1, 0, 1]);
    const area = 32 * 32;
    // Item 5 has shade 50 in its lower right, JPEG within a level or two.
    const at = (channel: number) => batch.images[5 * 3 * area + channel * area + 31 * 32 + 31];
    for (const [c, { mean, deviation }] of [0, 1, 2].map(
      (k) => [k, { mean: normalisation.mean[k], deviation: normalisation.deviation[k] }] as const,
    )) {
      expect(Math.abs(at(c) * deviation + mean - 50 / 255)).toBeLessThan(3 / 255);
    }
    // The manipulated item's mask is its white quarter; a real item without a mask is all real.
    const mask = (item: number, x: number, y: number) => batch.masks[item * area + y * 32 + x];
    expect([mask(5, 2, 2), mask(5, 12, 12), mask(5, 20, 5), mask(5, 5, 20)]).toEqual([1, 1, 0, 0]);
    expect(batch.masks.subarray(0, area).every((v) => v === 0)).toBe(true);
  });

  it('says where nobody knows a mask, and no mask of a real picture is unknown', async () => {
    const bare = items.map(({ mask, ...item }, k) =>
      k === 3 ? item : { ...item, ...(mask ? { mask } : {}) },
    );
    const common = {
      items: bare,
      augment: noAugment,
      masks: true,
      sampling: { kind: 'sequential' },
    } as const;
    const area = 32 * 32;
    const sums = (batch: Batch) =>
      [0, 1, 3].map((n) => batch.masks.subarray(n * area, (n + 1) * area).reduce((a, b) => a + b, 0));
    const known = sums(await start(common).batch(0));
    expect(known[1]).toBeGreaterThan(0);
    expect([known[0], known[2]]).toEqual([0, area]);
    const unknown = sums(await start({ ...common, unknownMasks: true }).batch(0));
    expect(unknown).toEqual([0, known[1], unknownMask * area]);
  });

  it('moves mask and picture alike', async () => {
    const geometry = augmentSchema.parse({
      zoom: {},
      rotation: { degrees: 40 },
      flip: {},
      shift: { share: 0.1 },
    });
    const dark = items.filter(({ label }) => label === 1).slice(0, 6);
    const pipeline = start({ items: dark, augment: geometry, masks: true, sampling: { kind: 'sequential' } });
    const batch = await pipeline.batch(0);
    const area = 32 * 32;
    for (let n = 0; n < 6; n++) {
      let agree = 0;
      for (let i = 0; i < area; i++) {
        const white = batch.images[n * 3 * area + i] > (255 + 10 * (2 * n + 1)) / 510;
        if (white === batch.masks[n * area + i] > 0.5) agree++;
      }
      expect(agree / area).toBeGreaterThan(0.97);
    }
  });

  it('draws alike for a pair where asked to, also where one is a swap with a donor', async () => {
    const sampling = { kind: 'paired' } as const;
    const swaps = items.map((item) =>
      item.label === 1 ? { ...item, sourceId: `${item.sourceId}+donor` } : item,
    );
    const spread = async (augmentBy: 'item' | 'source') => {
      const pipeline = start({
        items: swaps,
        sampling,
        augmentBy,
        augment: augmentSchema.parse({ rotation: { degrees: 180 }, fill: 'zero' }),
      });
      const { images, items: drawn } = await pipeline.batch(0);
      expect(drawn.map(({ label }) => label)).toEqual([0, 1, 0, 1, 0, 1]);
      expect(`${drawn[0].sourceId}+donor`).toBe(drawn[1].sourceId);
      // Where the corners are black tells the angle, whatever the shade.
      const black = (n: number) => images.subarray(n * 3072, n * 3072 + 1024).map((v) => (v === 0 ? 1 : 0));
      return Buffer.compare(Buffer.from(black(0).buffer), Buffer.from(black(1).buffer));
    };
    expect(await spread('source')).toBe(0);
    expect(await spread('item')).not.toBe(0);
  });
});

describe('unreadable pictures', () => {
  it('are replaced from the reserve in training, counted and listed', async () => {
    const pipeline = start({ items: withBroken(), sampling: { kind: 'balanced' } });
    const epoch: Batch[] = [];
    for await (const batch of pipeline.batches({ to: pipeline.batchesPerEpoch })) epoch.push(batch);
    for (const { items: held, labels, dims } of epoch) {
      expect(dims[0]).toBe(6);
      expect(held.map(({ label }) => label)).toEqual([...labels]);
      expect(held.filter(({ label }) => label === 1)).toHaveLength(3);
      expect(held.some(({ file }) => file === 'broken.jpg' || file === 'text.jpg')).toBe(false);
      expect(new Set(held.map(({ id }) => id)).size).toBe(6);
    }
    const { skipped, images } = pipeline.stats();
    expect(images).toBe(24);
    expect(skipped.map(({ id }) => id).sort()).toEqual(['item-11', 'item-4']);
    for (const { file, reason, count } of skipped) {
      expect(reason).toContain(file);
      expect(count).toBeGreaterThanOrEqual(1);
    }
  });

  it('take their partner along where sampling is paired', async () => {
    const pipeline = start({ items: withBroken(), sampling: { kind: 'paired' } });
    for await (const { items: held } of pipeline.batches({ to: 8 })) {
      for (let k = 0; k < 6; k += 2) {
        expect([held[k].label, held[k + 1].label]).toEqual([0, 1]);
        expect(held[k].sourceId).toBe(held[k + 1].sourceId);
        expect(['source-2', 'source-5']).not.toContain(held[k].sourceId);
      }
    }
  });

  it('are left out in evaluation: no item counts twice', async () => {
    const pipeline = start({
      items: withBroken(),
      sampling: { kind: 'sequential' },
      unreadable: 'omit',
      augment: noAugment,
    });
    const seen: string[] = [];
    for await (const batch of pipeline.batches({ to: pipeline.batchesPerEpoch })) {
      expect(batch.images.length).toBe(batch.items.length * 3 * 32 * 32);
      seen.push(...batch.items.map(({ id }) => id));
      // The shades still belong to their items.
      for (const [n, { id }] of batch.items.entries()) {
        const shade = batch.images[n * 3072 + 1023] * 255;
        expect(Math.abs(shade - 10 * Number(id.slice(5)))).toBeLessThan(4);
      }
    }
    expect(seen).toEqual(items.map(({ id }) => id).filter((id) => id !== 'item-4' && id !== 'item-11'));
  });

  it('end the run where none of a class is left, with their reason, from a worker too', async () => {
    const none = items.map((item) => (item.label === 1 ? { ...item, file: 'broken.jpg' } : item));
    const pipeline = start({ items: none, sampling: { kind: 'balanced' }, workers: 1 });
    await expect(pipeline.batch(0)).rejects.toMatchObject({
      name: 'UserError',
      code: 'IMAGES_EXHAUSTED',
      message: expect.stringContaining('No readable manipulated picture'),
    });
  });
});

describe('a pipeline', () => {
  it('accounts for its time and makes no batch beyond its end', async () => {
    const pipeline = start({ workers: 1, end: 4 });
    for await (const batch of pipeline.batches({ to: 4 })) batch.release();
    const stats = pipeline.stats();
    expect(stats).toMatchObject({ batches: 4, images: 24, skipped: [] });
    expect(stats.imagesPerSecond).toBeGreaterThan(0);
    expect(stats.firstBatchSeconds).toBeGreaterThan(0);
    expect(stats.waitedSeconds).toBeGreaterThanOrEqual(0);
  });

  it('refuses work after closing, and items without partners are listed', async () => {
    const pipeline = start({ items: items.slice(0, 23), sampling: { kind: 'paired' } });
    expect(pipeline.unused).toEqual([
      { id: 'item-22', file: 'item-22.jpg', reason: 'no partner of the same source' },
    ]);
    await pipeline.close();
    await expect(pipeline.batch(0)).rejects.toThrow('closed');
    expect(() => start({ batchSize: 100 })).toThrow('24 items do not fill a batch of 100');
  });
});

describe.skipIf(!haveSharedData)(`DFDC pairs${skipReason}`, () => {
  it('come through two workers as they lie on disk', async () => {
    const { folder: real, items: all } = await readFacesCsv(shared('train/dfdc-pairs/faces.csv'));
    const some = all.slice(0, 64);
    const pipeline = start({
      folder: real,
      items: some,
      batchSize: 16,
      size: { width: 224, height: 224 },
      augment: noAugment,
      sampling: { kind: 'sequential' },
      workers: 2,
      end: 4,
    });
    let n = 0;
    for await (const batch of pipeline.batches({ to: 4 })) {
      const { data } = await readPicture(join(real, batch.items[3].file));
      const expected = Float32Array.from({ length: 224 * 224 }, (_, i) => data[3 * i + 1] / 255);
      const got = batch.images.slice((3 * 3 + 1) * 224 * 224, (3 * 3 + 2) * 224 * 224);
      expect(Buffer.compare(Buffer.from(got.buffer), Buffer.from(expected.buffer))).toBe(0);
      n += batch.items.length;
    }
    expect(n).toBe(64);
    expect(pipeline.stats().skipped).toEqual([]);
  });
});
