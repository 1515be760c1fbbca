import { describe, expect, test } from 'vitest';
import { temporaryFolder } from '../../../test/media-fixtures.ts';
import { Random } from '../../base/random.ts';
import { encodeVideo } from '../../media/encode.ts';
import { openClip } from '../../media/open.ts';
import type { Picture } from '../../media/types.ts';
import { parseCrop } from './crop-text.ts';
import { differenceMask, maskThrough } from './difference-mask.ts';
import { close, components, dilate, erode, fillHoles, open } from './morphology.ts';
import { planUnits } from './plan.ts';
import {
  chooseFrames,
  evenlyInScenes,
  formatSetSampling,
  paperSampling,
  parseSetSampling,
} from './sampling.ts';

const file = temporaryFolder();

describe('sampling', () => {
  test('policies of the papers are read and written alike', () => {
    for (const text of Object.values(paperSampling))
      expect(formatSetSampling(parseSetSampling(text))).toBe(text);
    expect(() => parseSetSampling('changes:0')).toThrow(/changes:N/);
  });

  test('as many frames of every scene, all of a short one', () => {
    expect(evenlyInScenes([0, 10], 13, 5)).toEqual([1, 3, 5, 7, 9, 10, 11, 12]);
    expect(evenlyInScenes([0], 100, 2)).toEqual([25, 75]);
  });

  test('frames grow in proportion to camera and light changes', async () => {
    // Three seconds of each: a picture, the same one in other light, another picture.
    const scene = (seed: number, light: number): Picture => {
      const random = new Random(seed, 'scene');
      const data = new Uint8Array(128 * 96 * 3);
      const blocks = Array.from({ length: 48 }, () => [0, 1, 2].map(() => random.integer(20, 200)));
      for (let y = 0; y < 96; y++) {
        for (let x = 0; x < 128; x++) {
          const block = blocks[Math.floor(y / 16) * 8 + Math.floor(x / 16)];
          for (let c = 0; c < 3; c++) data[(y * 128 + x) * 3 + c] = Math.min(255, block[c] + light);
        }
      }
      return { width: 128, height: 96, data };
    };
    const path = file('scenes.mp4');
    const scenes = [scene(1, 0), scene(1, 45), scene(2, 0)];
    const frames = Array.from({ length: 225 }, (_, i) => ({
      ...scenes[Math.floor(i / 75)],
      timeSeconds: i / 25,
    }));
    await encodeVideo(frames, path, { crf: 18, frameRate: 25 });
    const clip = await openClip(path);
    const chosen = await chooseFrames(clip, { kind: 'changes', count: 10 });
    await clip.close();
    expect(chosen).toHaveLength(30);
    for (const [i] of scenes.entries()) {
      // Changes are sought four times a second: a border may be a quarter of a second late.
      const inside = chosen.filter((index) => index >= 75 * i - 7 && index < 75 * (i + 1) + 7);
      expect(inside.length).toBeGreaterThanOrEqual(10);
    }
  });
});

describe('masks from differences', () => {
  const size = 200;
  const face = { box: { x: 60, y: 50, width: 80, height: 100 } };
  /** Texture with noise of an encoder's size; `inside` adds what a forgery adds. */
  const picture = (noise: number, seed: number, inside?: (x: number, y: number) => number): Picture => {
    const random = new Random(seed);
    const data = new Uint8Array(size * size * 3);
    for (let y = 0; y < size; y++) {
      for (let x = 0; x < size; x++) {
        const base = 110 + 30 * Math.sin(x / 9) + 25 * Math.cos(y / 7) + (inside?.(x, y) ?? 0);
        for (let c = 0; c < 3; c++) data[(y * size + x) * 3 + c] = base + random.uniform(-noise, noise);
      }
    }
    return { width: size, height: size, data };
  };
  const inDisc = (x: number, y: number) => (x - 100) ** 2 + (y - 100) ** 2 < 30 ** 2;

  test.each([0, 12])('finds the region that was changed, under noise of ±%i', (noise) => {
    const found = differenceMask(
      picture(noise, 1),
      picture(noise, 2, (x, y) => (inDisc(x, y) ? 40 : 0)),
      face,
    );
    const crop = parseCrop('square:1.3');
    expect(crop).toEqual({ kind: 'square', scale: 1.3, fill: 'edge' });
    // The frame itself as the crop: pixel by pixel what was changed.
    const mask = maskThrough(found.mask, found.matrix, [1, 0, 0, 0, 1, 0], size);
    let [both, either] = [0, 0];
    for (let i = 0; i < mask.data.length; i++) {
      const truth = inDisc(i % size, Math.floor(i / size));
      if (truth && mask.data[i]) both++;
      if (truth || mask.data[i]) either++;
    }
    expect(both / either).toBeGreaterThan(0.85);
    expect(found.share).toBeGreaterThan(0.3);
  });

  test('nothing changed gives an empty mask, however it was compressed', () => {
    const found = differenceMask(picture(12, 1), picture(12, 2), face);
    expect(found.share).toBe(0);
    expect(found.mask.data.some((value) => value > 0)).toBe(false);
  });

  test('a change far from the face is not of the face', () => {
    const found = differenceMask(
      picture(2, 1),
      picture(2, 2, (x, y) => (x < 12 && y < 12 ? 90 : 0)),
      face,
    );
    expect(found.mask.data.some((value) => value > 0)).toBe(false);
  });
});

test('morphology against its definition', () => {
  const random = new Random(4);
  const [w, h, r] = [23, 17, 2];
  const cells = Uint8Array.from({ length: w * h }, () => (random.chance(0.2) ? 1 : 0));
  const at = (from: Uint8Array, x: number, y: number, outside: number) =>
    x < 0 || y < 0 || x >= w || y >= h ? outside : from[y * w + x];
  const naive = (from: Uint8Array, outside: number, pick: (...values: number[]) => number) =>
    Uint8Array.from({ length: w * h }, (_, i) => {
      const values: number[] = [];
      for (let dy = -r; dy <= r; dy++)
        for (let dx = -r; dx <= r; dx++) values.push(at(from, (i % w) + dx, Math.floor(i / w) + dy, outside));
      return pick(...values);
    });
  expect(dilate(cells, w, h, r)).toEqual(naive(cells, 0, Math.max));
  expect(erode(cells, w, h, r)).toEqual(naive(cells, 1, Math.min));
  expect(close(cells, w, h, r).every((value, i) => value >= cells[i])).toBe(true);
  expect(open(cells, w, h, r).every((value, i) => value <= cells[i])).toBe(true);
  const ring = Uint8Array.from({ length: 25 }, (_, i) => {
    const [x, y] = [i % 5, Math.floor(i / 5)];
    return x >= 1 && x <= 3 && y >= 1 && y <= 3 && !(x === 2 && y === 2) ? 1 : 0;
  });
  expect(components(ring, 5, 5).map((region) => region.length)).toEqual([8]);
  expect(fillHoles(ring, 5, 5).reduce((a, b) => a + b)).toBe(9);
});

test('an original and its fakes are one unit; pictures are gathered', () => {
  const make = (id: string, original?: string) => ({
    id,
    file: id,
    label: (original ? 1 : 0) as 0 | 1,
    method: 'm',
    videoId: id,
    sourceId: id,
    ...(original ? { original } : {}),
  });
  const units = planUnits([
    make('f1.mp4', 'o.mp4'),
    make('o.mp4'),
    make('f2.mp4', 'o.mp4'),
    make('alone.mp4', 'gone.mp4'),
  ]);
  expect(units.map(({ groups }) => groups.map(({ clips }) => clips.map(({ id }) => id)))).toEqual([
    [['o.mp4', 'f1.mp4', 'f2.mp4']],
    [['alone.mp4']],
  ]);
  expect(
    planUnits(Array.from({ length: 70 }, (_, i) => make(`${i}.jpg`))).map(({ groups }) => groups.length),
  ).toEqual([32, 32, 6]);
});
