import { describe, expect, test } from 'vitest';
import { recompressH264 } from './recompress.ts';
import type { Picture } from './types.ts';

/** Soft colours with fine stripes in the upper half: what a coarse quantiser keeps, and what it drops. */
function sample(width: number, height: number): Picture {
  const data = new Uint8Array(width * height * 3);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const stripe = y < height / 2 && x % 2 === 0 ? 24 : 0;
      data.set([90 + (x >> 1) + stripe, 120 + stripe, 160 - (y >> 1) + stripe], (y * width + x) * 3);
    }
  }
  return { width, height, data };
}

const meanError = (a: Picture, b: Picture) =>
  a.data.reduce((sum, value, i) => sum + Math.abs(value - b.data[i]), 0) / a.data.length;

/** Mean difference of neighbouring pixels in the striped half. */
function detail({ width, height, data }: Picture): number {
  let sum = 0;
  for (let y = 0; y < height / 2; y++) {
    for (let x = 1; x < width; x++) {
      const at = (y * width + x) * 3;
      sum += Math.abs(data[at] - data[at - 3]);
    }
  }
  return sum / ((height / 2) * (width - 1));
}

describe('recompressH264', () => {
  test('keeps size, colours and place; the higher the CRF the more is lost, fine detail first', () => {
    const picture = sample(64, 48);
    const [fine, usual, coarse] = [1, 23, 45].map((crf) => recompressH264(picture, crf));
    expect([coarse.width, coarse.height, coarse.data.length]).toEqual([64, 48, 64 * 48 * 3]);
    // 4:2:0 and a rounding, nothing else.
    expect(meanError(picture, fine)).toBeLessThan(3);
    expect(meanError(picture, usual)).toBeGreaterThan(meanError(picture, fine));
    expect(meanError(picture, coarse)).toBeGreaterThan(meanError(picture, usual));
    expect(meanError(picture, coarse)).toBeLessThan(16);
    expect(detail(coarse)).toBeLessThan(0.7 * detail(fine));
  });

  test('gives the same bytes again, and takes odd sizes', () => {
    const picture = sample(33, 17);
    const [first, second] = [recompressH264(picture, 30), recompressH264(picture, 30)];
    expect(Buffer.compare(first.data, second.data)).toBe(0);
    expect([first.width, first.height]).toEqual([33, 17]);
    expect(meanError(picture, first)).toBeLessThan(12);
  });

  test('after other pictures it is predicted from them, and is still the last one', () => {
    const picture = sample(64, 48);
    const turned = { ...picture, data: picture.data.map((value) => 255 - value) };
    const key = recompressH264(picture, 40);
    const still = recompressH264(picture, 40, [picture, picture]);
    const cut = recompressH264(picture, 40, [turned, turned]);
    expect(Buffer.compare(key.data, still.data)).not.toBe(0);
    expect(Buffer.compare(still.data, cut.data)).not.toBe(0);
    for (const out of [still, cut]) {
      expect(meanError(picture, out)).toBeLessThan(16);
      expect(meanError(turned, out)).toBeGreaterThan(2 * meanError(picture, out));
    }
    expect(Buffer.compare(recompressH264(picture, 40, [picture, picture]).data, still.data)).toBe(0);
  });
});
