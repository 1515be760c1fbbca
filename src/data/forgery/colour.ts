/** Random colour changes, and giving one face the colours of another. */
import type { Random } from '../../base/random.ts';
import type { Mask } from '../../media/image.ts';
import type { Picture } from '../../media/types.ts';
import { type ColourMatrix, composeColour, grading, luma } from '../augment/colour-matrix.ts';
import { blurBox } from './blur.ts';

export interface ColourRanges {
  /** Offsets a channel, in levels. */
  shift: number;
  /** Factor on saturation, about 1. */
  saturation: number;
  /** Factor about mid-grey, about 1; and an offset of as many 255ths. */
  contrast: number;
  /** Chance of each of the three. */
  probability: number;
}

/** A random matrix on R, G, B, 1; undefined where nothing was drawn. Always takes the same number of draws. */
export function drawColour(ranges: ColourRanges, random: Random): ColourMatrix | undefined {
  let matrix: ColourMatrix | undefined;
  const add = (next: ColourMatrix, wanted: boolean) => {
    if (wanted) matrix = matrix ? composeColour(next, matrix) : next;
  };
  const offset = () => random.uniform(-ranges.shift, ranges.shift);
  add([1, 0, 0, offset(), 0, 1, 0, offset(), 0, 0, 1, offset()], random.chance(ranges.probability));
  const s = 1 + random.uniform(-ranges.saturation, ranges.saturation);
  const [r, g, b] = luma.map((weight) => (1 - s) * weight);
  add([r + s, g, b, 0, r, g + s, b, 0, r, g, b + s, 0], random.chance(ranges.probability) && s !== 1);
  const contrast = 1 + random.uniform(-ranges.contrast, ranges.contrast);
  const brightness = 255 * random.uniform(-ranges.contrast, ranges.contrast);
  add(grading(contrast, (1 - contrast) * 127.5 + brightness), random.chance(ranges.probability));
  return matrix;
}

/** A recoloured copy, rounded and clamped: one pass in 20.12 fixed point, or three tables where channels do not mix. */
export function recoloured({ width, height, data }: Picture, matrix: ColourMatrix | undefined): Picture {
  if (!matrix) return { width, height, data: data.slice() };
  const out = new Uint8Array(data.length);
  const [c0, c1, c2, c3, c4, c5, c6, c7, c8, c9, c10, c11] = matrix;
  if (c1 === 0 && c2 === 0 && c4 === 0 && c6 === 0 && c8 === 0 && c9 === 0) {
    const r = table(c0, c3);
    const g = table(c5, c7);
    const b = table(c10, c11);
    for (let i = 0; i < data.length; i += 3) {
      out[i] = r[data[i]];
      out[i + 1] = g[data[i + 1]];
      out[i + 2] = b[data[i + 2]];
    }
    return { width, height, data: out };
  }
  const fixed = matrix.map((value, k) => Math.round(value * 4096) + (k % 4 === 3 ? 2048 : 0));
  const [f0, f1, f2, f3, f4, f5, f6, f7, f8, f9, f10, f11] = fixed;
  for (let i = 0; i < data.length; i += 3) {
    const r = data[i];
    const g = data[i + 1];
    const b = data[i + 2];
    const x = (f0 * r + f1 * g + f2 * b + f3) >> 12;
    const y = (f4 * r + f5 * g + f6 * b + f7) >> 12;
    const z = (f8 * r + f9 * g + f10 * b + f11) >> 12;
    out[i] = x < 0 ? 0 : Math.min(x, 255);
    out[i + 1] = y < 0 ? 0 : Math.min(y, 255);
    out[i + 2] = z < 0 ? 0 : Math.min(z, 255);
  }
  return { width, height, data: out };
}

function table(scale: number, offset: number): Uint8ClampedArray {
  const out = new Uint8ClampedArray(256);
  for (let value = 0; value < 256; value++) out[value] = scale * value + offset;
  return out;
}

export const transfers = ['mean', 'mean-deviation', 'low-pass'] as const;
/**
 * - `mean`: the face's mean colour under the mask becomes the target's (Face X-ray §3.2).
 * - `mean-deviation`: its deviation too (Reinhard et al. 2001, in RGB), by factors of 0.5 to 2.
 * - `low-pass`: all that is coarser than `sigma` px (FaceSwap's correction by blurred pictures, as a difference).
 */
export type Transfer = (typeof transfers)[number];

/** `source` with the colours of `target`; both are aligned, and only what the mask touches matters. */
export function transferColour(
  target: Picture,
  source: Picture,
  mask: Mask,
  transfer: Transfer,
  sigma: number,
): Picture {
  const { width, height } = source;
  if (transfer === 'low-pass') {
    const low = blurBox(target, sigma, mask);
    const own = blurBox(source, sigma, mask);
    const data = source.data.slice();
    const clamped = new Uint8ClampedArray(data.buffer);
    for (let i = 0; i < mask.data.length; i++) {
      if (mask.data[i] === 0) continue;
      for (let at = 3 * i; at < 3 * i + 3; at++) clamped[at] = data[at] + low[at] - own[at];
    }
    return { width, height, data };
  }
  const to = statistics(target, mask);
  const from = statistics(source, mask);
  const [r, g, b] = to.map(({ mean, deviation }, channel) => {
    const factor =
      transfer === 'mean' ? 1 : Math.min(2, Math.max(0.5, deviation / (from[channel].deviation + 1e-6)));
    return { factor, offset: mean - factor * from[channel].mean };
  });
  return recoloured(source, [r.factor, 0, 0, r.offset, 0, g.factor, 0, g.offset, 0, 0, b.factor, b.offset]);
}

/** Mean and standard deviation a channel, weighted by the mask. */
export function statistics({ data }: Picture, mask: Mask): { mean: number; deviation: number }[] {
  const sums = [0, 0, 0];
  const squares = [0, 0, 0];
  let total = 0;
  for (let i = 0; i < mask.data.length; i++) {
    const weight = mask.data[i];
    if (weight === 0) continue;
    total += weight;
    for (let channel = 0; channel < 3; channel++) {
      const value = data[3 * i + channel];
      sums[channel] += weight * value;
      squares[channel] += weight * value * value;
    }
  }
  return sums.map((sum, channel) => {
    const mean = total > 0 ? sum / total : 0;
    const variance = total > 0 ? squares[channel] / total - mean * mean : 0;
    return { mean, deviation: Math.sqrt(Math.max(0, variance)) };
  });
}
