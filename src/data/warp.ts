/** One resampling for everything geometric: the network's size and all augmentations come from one map. */
import type { Picture } from '../media/types.ts';
import { isIdentity, type Projective } from './augment/projective.ts';
import { resize } from './resize.ts';

/** What lies outside the picture: its nearest edge (Keras's default "nearest"), or black. */
export type Fill = 'edge' | 'zero';

interface Size {
  width: number;
  height: number;
}

/**
 * Output pixel → source pixel, from a map between centred coordinates (see `projective.ts`). The identity stretches
 * the whole source over the whole output, pixel centres at half integers.
 */
function toSource(map: Projective, from: Size, to: Size): Projective {
  const unit = Math.min(to.width, to.height) / 2;
  const [centreX, centreY] = [(to.width - 1) / 2, (to.height - 1) / 2];
  const columns = (a: number, b: number, c: number) => {
    const [p, q] = [a / unit, b / unit];
    return [p, q, c - p * centreX - q * centreY];
  };
  const x = columns(map[0], map[1], map[2]);
  const y = columns(map[3], map[4], map[5]);
  const w = columns(map[6], map[7], map[8]);
  const [scaleX, scaleY] = [(unit * from.width) / to.width, (unit * from.height) / to.height];
  const [shiftX, shiftY] = [(from.width - 1) / 2, (from.height - 1) / 2];
  return [
    scaleX * x[0] + shiftX * w[0],
    scaleX * x[1] + shiftX * w[1],
    scaleX * x[2] + shiftX * w[2],
    scaleY * y[0] + shiftY * w[0],
    scaleY * y[1] + shiftY * w[1],
    scaleY * y[2] + shiftY * w[2],
    w[0],
    w[1],
    w[2],
  ];
}

/** Shrinks first where the source is larger than the output: the bilinear warp alone would alias. */
function fitted(picture: Picture, size: Size, channels: number): Picture {
  const width = Math.min(picture.width, size.width);
  const height = Math.min(picture.height, size.height);
  return resize(picture, width, height, channels);
}

/**
 * Warps a picture (RGB, 3 bytes a pixel) to `size`, bilinear. Always returns a new picture, which later steps may
 * overwrite.
 */
export function warpPicture(picture: Picture, size: Size, map: Projective, fill: Fill): Picture {
  const source = fitted(picture, size, 3);
  const { width, height } = size;
  if (isIdentity(map) && source.width === width && source.height === height) {
    return { width, height, data: source.data.slice() };
  }
  const out = new Uint8Array(width * height * 3);
  const pixels = source.data;
  const line = source.width * 3;
  const maxX = source.width - 1;
  const maxY = source.height - 1;
  const [m0, m1, m2, m3, m4, m5, m6, m7, m8] = toSource(map, source, size);
  // toSource leaves the last row at 0, 0, 1 where the map is affine: the division is only made where it is needed.
  const affine = m6 === 0 && m7 === 0 && m8 === 1;
  const zero = fill === 'zero';
  let at = 0;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++, at += 3) {
      let u = m0 * x + m1 * y + m2;
      let v = m3 * x + m4 * y + m5;
      if (!affine) {
        const w = m6 * x + m7 * y + m8;
        u /= w;
        v /= w;
      }
      if (zero && (u < -0.5 || v < -0.5 || u > maxX + 0.5 || v > maxY + 0.5)) continue;
      u = Math.min(maxX, Math.max(0, u));
      v = Math.min(maxY, Math.max(0, v));
      const x0 = u | 0;
      const y0 = v | 0;
      const fx = u - x0;
      const fy = v - y0;
      const w11 = fx * fy;
      const w01 = fx - w11;
      const w10 = fy - w11;
      const w00 = 1 - fx - w10;
      const i = y0 * line + x0 * 3;
      const k = x0 < maxX ? i + 3 : i;
      const down = y0 < maxY ? line : 0;
      const p = i + down;
      const q = k + down;
      // Truncated after + 0.5: twice as fast as the clamped array's own rounding.
      out[at] = (w00 * pixels[i] + w01 * pixels[k] + w10 * pixels[p] + w11 * pixels[q] + 0.5) | 0;
      out[at + 1] =
        (w00 * pixels[i + 1] + w01 * pixels[k + 1] + w10 * pixels[p + 1] + w11 * pixels[q + 1] + 0.5) | 0;
      out[at + 2] =
        (w00 * pixels[i + 2] + w01 * pixels[k + 2] + w10 * pixels[p + 2] + w11 * pixels[q + 2] + 0.5) | 0;
    }
  }
  return { width, height, data: out };
}

/** Warps a mask (1 byte a pixel, any size, same view) by the same map: `height * width` shares, 0 to 1. */
export function warpMask(mask: Picture, size: Size, map: Projective, fill: Fill): Float32Array {
  const source = fitted(mask, size, 1);
  const { width, height } = size;
  const out = new Float32Array(width * height);
  const { data, width: line } = source;
  const maxX = source.width - 1;
  const maxY = source.height - 1;
  const [m0, m1, m2, m3, m4, m5, m6, m7, m8] = toSource(map, source, size);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const w = m6 * x + m7 * y + m8;
      const u = (m0 * x + m1 * y + m2) / w;
      const v = (m3 * x + m4 * y + m5) / w;
      if (fill === 'zero' && (u < -0.5 || v < -0.5 || u > maxX + 0.5 || v > maxY + 0.5)) continue;
      const insideX = Math.min(maxX, Math.max(0, u));
      const insideY = Math.min(maxY, Math.max(0, v));
      const x0 = insideX | 0;
      const y0 = insideY | 0;
      const i = y0 * line + x0;
      const k = x0 < maxX ? i + 1 : i;
      const down = y0 < maxY ? line : 0;
      const top = data[i] + (insideX - x0) * (data[k] - data[i]);
      const bottom = data[i + down] + (insideX - x0) * (data[k + down] - data[i + down]);
      out[y * width + x] = (top + (insideY - y0) * (bottom - top)) / 255;
    }
  }
  return out;
}
