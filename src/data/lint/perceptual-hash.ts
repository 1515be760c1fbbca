/** Pictures that look alike: 128-bit difference hashes, found by bands, confirmed on a thumbnail. */
import type { Picture } from '../../media/types.ts';
import { resize } from '../resize.ts';

export interface Looks {
  /** 8 x 16 bits: whether each of 9 x 8 cells is darker than its right, and of 8 x 9 than its lower, neighbour. */
  bands: Uint16Array;
  /** Luma of 16 x 16 cells. */
  thumbnail: Uint8Array;
}

/** Bits that may differ, of 128: 7 bands at most are touched, so one of the 8 is equal and finds the pair. */
const mostBits = 7;
/** Mean absolute difference of the thumbnails, of 255. Aligned faces share their gradients, but not their greys. */
const mostDifference = 5;

export function looksOf(picture: Picture): Looks {
  const small = (width: number, height: number) => grey(resize(picture, width, height));
  const [across, down] = [small(9, 8), small(8, 9)];
  const bands = new Uint16Array(8);
  for (let y = 0; y < 8; y++) {
    for (let x = 0; x < 8; x++) {
      if (across[y * 9 + x] < across[y * 9 + x + 1]) bands[y >> 1] |= 1 << (8 * (y & 1) + x);
      if (down[y * 8 + x] < down[(y + 1) * 8 + x]) bands[4 + (y >> 1)] |= 1 << (8 * (y & 1) + x);
    }
  }
  return { bands, thumbnail: small(16, 16) };
}

export function hamming(a: Uint16Array, b: Uint16Array): number {
  let bits = 0;
  for (let i = 0; i < a.length; i++) {
    for (let rest = a[i] ^ b[i]; rest; rest &= rest - 1) bits++;
  }
  return bits;
}

/** Whether two pictures are one, re-encoded, resized or slightly retouched. */
export function alike(a: Looks, b: Looks): boolean {
  if (hamming(a.bands, b.bands) > mostBits) return false;
  let sum = 0;
  for (let i = 0; i < a.thumbnail.length; i++) sum += Math.abs(a.thumbnail[i] - b.thumbnail[i]);
  return sum / a.thumbnail.length <= mostDifference;
}

/** Pictures that share a band: those of a crowded band, such as plain black ones, are compared to this many others. */
const mostInBand = 400;

/** Pairs that look alike and for which `matters` holds, as indices, the lower one first. */
export function findAlike(
  looks: readonly (Looks | undefined)[],
  matters: (a: number, b: number) => boolean,
): [number, number][] {
  const buckets = new Map<number, number[]>();
  const found = new Map<string, [number, number]>();
  for (const [index, own] of looks.entries()) {
    if (!own) continue;
    for (const [band, bits] of own.bands.entries()) {
      const key = band * 65_536 + bits;
      const bucket = buckets.get(key);
      if (!bucket) {
        buckets.set(key, [index]);
        continue;
      }
      for (const other of bucket) {
        const known = looks[other];
        if (known && matters(other, index) && !found.has(`${other}/${index}`) && alike(known, own)) {
          found.set(`${other}/${index}`, [other, index]);
        }
      }
      if (bucket.length < mostInBand) bucket.push(index);
    }
  }
  return [...found.values()];
}

function grey({ data }: Picture): Uint8Array {
  const out = new Uint8Array(data.length / 3);
  for (let i = 0, at = 0; i < out.length; i++, at += 3) {
    out[i] = 0.299 * data[at] + 0.587 * data[at + 1] + 0.114 * data[at + 2] + 0.5;
  }
  return out;
}
