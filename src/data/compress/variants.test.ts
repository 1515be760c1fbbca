import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { encodeVideo } from '../../media/encode.ts';
import { openClip } from '../../media/open.ts';
import type { Picture } from '../../media/types.ts';
import { variantNames, writeVariant } from './variants.ts';

let folder: string;
let source: string;
const [width, height, count] = [96, 64, 30];

/** Left half red, right half blue, and a fine pattern that moves. */
function frame(t: number): Picture & { timeSeconds: number } {
  const data = new Uint8Array(width * height * 3);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const fine = 30 * ((x + y + t) % 2);
      data.set(x < width / 2 ? [180 + fine, 40, 40] : [40, 40, 180 + fine], (y * width + x) * 3);
    }
  }
  return { width, height, data, timeSeconds: t / 10 };
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'mesoscope-variants-'));
  source = join(folder, 'source.mp4');
  const frames = Array.from({ length: count }, (_, t) => frame(t));
  await encodeVideo(frames, source, { crf: 0, pixelFormat: 'yuv444p', frameRate: 10 });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function read(path: string) {
  const clip = await openClip(path);
  const frames: (Picture & { timeSeconds: number })[] = [];
  for await (const { width: w, height: h, data, timeSeconds } of clip.frames({ kind: 'every', step: 1 }))
    frames.push({ width: w, height: h, data: data.slice(), timeSeconds });
  await clip.close();
  return { info: clip.info, frames };
}

const meanOf = ({ width: w, height: h, data }: Picture, left: number, right: number) => {
  let [red, blue, n] = [0, 0, 0];
  for (let y = 0; y < h; y++) {
    for (let x = Math.floor(left * w); x < right * w; x++) {
      red += data[(y * w + x) * 3];
      blue += data[(y * w + x) * 3 + 2];
      n++;
    }
  }
  return { red: red / n, blue: blue / n };
};

describe('variants', () => {
  test.each(variantNames)('%s shows the same scene, in time and place', async (name) => {
    const target = join(folder, `${name}.mp4`);
    await writeVariant(source, name, target, { seconds: 100 });
    const { info, frames } = await read(target);
    const sizes: Record<string, [number, number]> = { 'half-size': [48, 32], cropped: [88, 58] };
    expect([info.width, info.height]).toEqual(sizes[name] ?? [96, 64]);
    expect(frames).toHaveLength(count);
    for (const [t, { timeSeconds }] of frames.entries()) expect(timeSeconds).toBeCloseTo(t / 10, 3);
    const [left, right] = [meanOf(frames[7], 0, 0.4), meanOf(frames[7], 0.6, 1)];
    expect(left.red).toBeGreaterThan(left.blue + 80);
    expect(right.blue).toBeGreaterThan(right.red + 80);
  });

  test('a higher CRF gives a smaller file, and only the first seconds are taken', async () => {
    const bytes = async (name: 'crf-23' | 'crf-40') => {
      const target = join(folder, `size-${name}.mp4`);
      await writeVariant(source, name, target, { seconds: 1 });
      return read(target);
    };
    const [fine, coarse] = [await bytes('crf-23'), await bytes('crf-40')];
    expect(coarse.info.bytes).toBeLessThan(fine.info.bytes);
    expect(fine.frames).toHaveLength(11);
  });

  test('stops where it is told to, and leaves no file', async () => {
    const target = join(folder, 'stopped.mp4');
    const signal = AbortSignal.abort(new Error('enough'));
    await expect(writeVariant(source, 'crf-23', target, { seconds: 9, signal })).rejects.toThrow('enough');
  });
});
