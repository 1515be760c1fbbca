/** Turning pictures upright: the eight orientations that metadata can ask for. */
import type { Picture } from './types.ts';

/**
 * Where a stored pixel goes: `(x, y)` of the stored picture lands at `(a x + c y, b x + d y)`, up to a shift.
 * Each row and column has one entry of 1 or -1, the other is 0.
 */
export interface Orientation {
  a: number;
  b: number;
  c: number;
  d: number;
}

export const upright: Orientation = { a: 1, b: 0, c: 0, d: 1 };

/**
 * The nearest of the eight orientations to a display matrix (ISO 14496-12 §8.2.2: nine little-endian 32-bit
 * numbers, 16.16 fixed point, of which a b / c d are the linear part). A matrix that cannot be read is upright.
 */
export function orientationOf(matrix: Buffer | null): Orientation {
  if (!matrix || matrix.length < 36) return upright;
  const at = (i: number) => matrix.readInt32LE(i * 4);
  const [a, b, c, d] = [at(0), at(1), at(3), at(4)];
  if (a * d - b * c === 0) return upright;
  return Math.abs(a) + Math.abs(d) >= Math.abs(b) + Math.abs(c)
    ? { a: Math.sign(a) || 1, b: 0, c: 0, d: Math.sign(d) || 1 }
    : { a: 0, b: Math.sign(b) || 1, c: Math.sign(c) || 1, d: 0 };
}

/** Clockwise degrees of the turn: 0, 90, 180 or 270; a mirrored picture reports the turn of its x axis. */
export function rotationOf({ a, b }: Orientation): number {
  if (b !== 0) return b > 0 ? 90 : 270;
  return a > 0 ? 0 : 180;
}

export const swapsSides = ({ a }: Orientation): boolean => a === 0;

/** The picture as it should be seen; the same object where nothing has to move. */
export function orient(picture: Picture, orientation: Orientation): Picture {
  const { a, b, c, d } = orientation;
  if (a === 1 && d === 1) return picture;
  const { width, height, data } = picture;
  const across = swapsSides(orientation) ? height : width;
  const down = swapsSides(orientation) ? width : height;
  const out = new Uint8Array(data.length);
  // A negative axis starts from its far end.
  const left = a + c < 0 ? across - 1 : 0;
  const top = b + d < 0 ? down - 1 : 0;
  const stepX = (b * across + a) * 3;
  const stepY = (d * across + c) * 3;
  let from = 0;
  for (let y = 0; y < height; y++) {
    let to = (top * across + left) * 3 + y * stepY;
    for (let x = 0; x < width; x++, from += 3, to += stepX) {
      out[to] = data[from];
      out[to + 1] = data[from + 1];
      out[to + 2] = data[from + 2];
    }
  }
  return { width: across, height: down, data: out };
}
