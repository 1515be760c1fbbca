import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { haveSharedData, shared, skipReason } from '../../../test/shared-data.ts';
import { Random } from '../../base/random.ts';
import { encodeJpeg, encodePng, readPicture, resizePicture } from '../../media/image.ts';
import type { Picture } from '../../media/types.ts';
import type { Item, Label } from '../manifest.ts';
import { lint } from './index.ts';
import { blackBorder } from './inspect.ts';
import { readJpegHeader } from './jpeg.ts';
import { fitLogistic, scoreLogistic } from './logistic.ts';
import { alike, looksOf } from './perceptual-hash.ts';
import { findShortcuts } from './shortcuts.ts';

let root: string;
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'mesoscope-lint-'));
});
afterAll(() => rmSync(root, { recursive: true }));

/** Smooth blobs with a little noise: like photographs, they compress differently from one another. */
function scene(seed: number, size = 48): Picture {
  const random = new Random(seed, 'scene');
  const blobs = Array.from({ length: 6 }, () => Array.from({ length: 6 }, () => random.next()));
  const data = new Uint8Array(size * size * 3);
  for (let y = 0; y < size; y++) {
    for (let x = 0; x < size; x++) {
      for (let c = 0; c < 3; c++) {
        let value = 60;
        for (const [u, v, r, ...colour] of blobs) {
          value +=
            110 * colour[c] * Math.exp(-(((x / size - u) ** 2 + (y / size - v) ** 2) / (0.02 + 0.1 * r)));
        }
        data[(y * size + x) * 3 + c] = Math.min(255, value + random.uniform(-4, 4));
      }
    }
  }
  return { width: size, height: size, data };
}

async function writeSet(
  name: string,
  count: number,
  bytesOf: (index: number, label: Label) => Promise<Uint8Array>,
): Promise<{ folder: string; items: Item[] }> {
  const folder = join(root, name);
  mkdirSync(folder);
  const items: Item[] = [];
  for (let i = 0; i < count; i++) {
    const label = (i % 2) as Label;
    writeFileSync(join(folder, `${i}.jpg`), await bytesOf(i, label));
    items.push({
      id: `${i}`,
      file: `${i}.jpg`,
      label,
      method: label ? 'm' : 'original',
      videoId: `${i}`,
      sourceId: `${i}`,
    });
  }
  return { folder, items };
}
const source = ({ folder, items }: { folder: string; items: Item[] }) => ({
  folder,
  items,
  layout: 'test',
  dropped: [],
});

describe('shortcuts', () => {
  test('one encoder for all: blind; one class at another quality: seen, and the quality named', async () => {
    const clean = await writeSet('clean', 120, (i) => encodeJpeg(scene(i), 88));
    const honest = await lint(source(clean));
    expect(honest.findings).toEqual([]);
    expect(honest.shortcuts?.auc).toBeLessThan(0.65);
    const enemy = await writeSet('enemy', 120, (i, label) => encodeJpeg(scene(i), label ? 80 : 88));
    const { findings, shortcuts } = await lint(source(enemy));
    expect(findings.map(({ kind }) => kind)).toEqual(['shortcut']);
    expect(shortcuts?.auc).toBeGreaterThan(0.99);
    expect(findings[0].examples.join()).toContain('JPEG quality');
  });

  test('a class scattered around the quality of the other is seen too', () => {
    const items = Array.from({ length: 200 }, (_, i) => ({
      id: `${i}`,
      file: '',
      label: (i % 2) as Label,
      method: '',
      videoId: `${i}`,
      sourceId: `${i}`,
    }));
    const random = new Random(3);
    const features = items.map(({ label }) => ({
      'JPEG quality': label ? 85 : 85 + random.uniform(-10, 10),
    }));
    expect(findShortcuts(items, features)?.auc).toBeGreaterThan(0.9);
    expect(findShortcuts(items.slice(0, 30), features)).toBeUndefined();
  });

  test('black borders and resolution', async () => {
    const set = await writeSet('borders', 80, async (i, label) => {
      const picture = scene(i, label && i % 4 === 1 ? 56 : 48);
      if (label) picture.data.fill(0, 0, picture.width * 3 * 5);
      return encodeJpeg(picture, 90);
    });
    const { findings } = await lint(source(set));
    expect(findings[0].examples.join()).toContain('black border');
    const picture = scene(1);
    expect(blackBorder(picture)).toBe(0);
    picture.data.fill(0, 0, 48 * 3 * 12);
    expect(blackBorder(picture)).toBeCloseTo(0.25, 9);
  });

  test.skipIf(!haveSharedData)(
    `portraits as they are, and with one class re-encoded${skipReason}`,
    async () => {
      const folder = join(root, 'portraits');
      for (const kind of ['real', 'fake']) mkdirSync(join(folder, kind), { recursive: true });
      const take = (name: string) =>
        readdirSync(shared(`train/portraits/${name}`))
          .sort()
          .slice(0, 60);
      const items: Item[] = [];
      const add = (kind: string, name: string, label: Label) =>
        items.push({
          id: `${kind}/${name}`,
          file: `${kind}/${name}`,
          label,
          method: 'm',
          videoId: name,
          sourceId: name,
        });
      for (const name of take('ffhq')) {
        copyFileSync(shared(`train/portraits/ffhq/${name}`), join(folder, 'real', name));
        add('real', name, 0);
      }
      for (const name of take('stylegan2')) {
        copyFileSync(shared(`train/portraits/stylegan2/${name}`), join(folder, 'fake', name));
        add('fake', name, 1);
      }
      expect((await lint(source({ folder, items }))).findings).toEqual([]);
      for (const name of take('stylegan2')) {
        const path = join(folder, 'fake', name);
        writeFileSync(path, await encodeJpeg(await readPicture(path), 82));
      }
      const { findings, shortcuts } = await lint(source({ folder, items }));
      expect(findings.map(({ kind }) => kind)).toEqual(['shortcut']);
      expect(shortcuts?.auc).toBeGreaterThan(0.99);
    },
  );
});

test('leaks, duplicates, conflicts, masks and unreadable files are named', async () => {
  const { folder, items } = await writeSet('sick', 12, (i) => encodeJpeg(scene(i), 90));
  const sick: Item[] = items.map((item) => ({ ...item, split: 'train' as const }));
  // The same bytes, under the other label; and under the same one.
  copyFileSync(join(folder, '0.jpg'), join(folder, '1.jpg'));
  copyFileSync(join(folder, '2.jpg'), join(folder, '4.jpg'));
  // A re-encoded and resized copy on the other side.
  writeFileSync(join(folder, '6.jpg'), await encodeJpeg(await resizePicture(scene(8), 60, 60), 70));
  sick[6] = { ...sick[6], split: 'test' };
  // One person on two sides.
  sick[10] = { ...sick[10], sourceId: 'anna+ben', split: 'test' };
  sick[9] = { ...sick[9], sourceId: 'ben' };
  writeFileSync(join(folder, '7.jpg'), (await encodeJpeg(scene(7), 90)).subarray(0, 500));
  writeFileSync(
    join(folder, 'wide.png'),
    await encodePng({ width: 40, height: 20, data: new Uint8Array(2400) }),
  );
  sick[3] = { ...sick[3], mask: 'wide.png' };
  const { findings } = await lint({
    ...source({ folder, items: sick }),
    dropped: [{ id: 'x', file: 'gone.jpg', reason: 'file missing' }],
  });
  const of = (kind: string) =>
    findings.filter((finding) => finding.kind === kind).flatMap(({ examples }) => examples);
  expect(of('unreadable')).toEqual(['gone.jpg: file missing', expect.stringMatching(/^7\.jpg: /)]);
  expect(of('identity-leak')).toEqual(['source ben: train, test']);
  expect(of('label-conflict')).toEqual(['0.jpg = 1.jpg']);
  expect(of('duplicate')).toEqual(['2.jpg = 4.jpg']);
  expect(of('near-duplicate')).toEqual(['6.jpg = 8.jpg']);
  expect(of('masks')).toContain('wide.png is 40x20, of another shape than its picture');
  expect(of('masks')).toContain('11');
});

test('looks survive compression and size, and tell scenes apart', async () => {
  const own = looksOf(scene(1));
  const coded = await readPicture(await encodeJpeg(await resizePicture(scene(1), 80, 80), 60));
  expect(alike(own, looksOf(coded))).toBe(true);
  for (let other = 2; other < 60; other++) expect(alike(own, looksOf(scene(other)))).toBe(false);
});

test.each([20, 50, 75, 88, 95, 100])('the quality %i is read from the tables', async (quality) => {
  const header = readJpegHeader(await encodeJpeg(scene(1), quality));
  expect(header).toMatchObject({ quality, progressive: false });
  expect(readJpegHeader(new Uint8Array([1, 2, 3]))).toBeUndefined();
});

test('logistic regression finds the known weights', () => {
  const random = new Random(9);
  const rows = Array.from({ length: 4000 }, () => [random.normal(), 3 * random.normal() + 5, 7]);
  const labels = rows.map(([a, b]) =>
    random.next() < 1 / (1 + Math.exp(-(1.5 * a - 0.4 * (b - 5)))) ? 1 : 0,
  );
  const model = fitLogistic(rows, labels);
  expect(model.weights[1] / model.deviation[0]).toBeCloseTo(1.5, 0);
  expect(model.weights[2] / model.deviation[1]).toBeCloseTo(-0.4, 1);
  expect(model.weights[3]).toBe(0);
  expect(scoreLogistic(model, [2, 5, 7])).toBeGreaterThan(scoreLogistic(model, [0, 5, 7]));
});
