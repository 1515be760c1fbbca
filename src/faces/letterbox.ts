/** Shrinks a region of a frame into a square for the detector, whatever the frame's size, in a few milliseconds. */
import type { Box } from '../base/geometry.ts';
import type { Picture } from '../media/types.ts';

/** Taps an axis: a detector at 256 px gains nothing from more, and 2160p frames cost no more than 720p. */
const mostTaps = 3;

/** Where a region ended up: `region x = (square x - left) / scale + region.x`, the same for y. */
export interface Placement {
  scale: number;
  left: number;
  top: number;
}

/**
 * Fits `region` (frame pixels, may reach outside) into a `size` x `size` square, centred, and writes it into one
 * item of an NCHW tensor as values in [-1, 1]; what lies outside is black (-1). Averages up to 3 x 3 evenly spread
 * source pixels for each pixel written.
 */
export function letterbox(
  picture: Picture,
  region: Box,
  size: number,
  into: Float32Array,
  item: number,
): Placement {
  const scale = size / Math.max(region.width, region.height);
  const left = (size - region.width * scale) / 2;
  const top = (size - region.height * scale) / 2;
  const { data, width, height } = picture;
  const plane = size * size;
  const start = item * plane * 3;
  into.fill(-1, start, start + plane * 3);
  const taps = Math.max(1, Math.min(mostTaps, Math.round(1 / scale)));
  const columns = offsets(region.x, left, region.width, scale, size, taps, width, 3);
  const rows = offsets(region.y, top, region.height, scale, size, taps, height, width * 3);
  const lines = rows.at;
  const places = columns.at;
  const factor = 1 / (taps * taps * 127.5);
  for (let y = rows.first; y < rows.end; y++) {
    let to = start + y * size + columns.first;
    for (let x = columns.first; x < columns.end; x++, to++) {
      let red = 0;
      let green = 0;
      let blue = 0;
      const firstTap = x * taps;
      for (let v = y * taps; v < (y + 1) * taps; v++) {
        const line = lines[v];
        for (let u = firstTap; u < firstTap + taps; u++) {
          const from = line + places[u];
          red += data[from];
          green += data[from + 1];
          blue += data[from + 2];
        }
      }
      into[to] = red * factor - 1;
      into[to + plane] = green * factor - 1;
      into[to + 2 * plane] = blue * factor - 1;
    }
  }
  return { scale, left, top };
}

/** For each written pixel, the byte offsets of its taps along one axis; `first` to `end` lie inside the picture. */
function offsets(
  origin: number,
  border: number,
  length: number,
  scale: number,
  size: number,
  taps: number,
  limit: number,
  stride: number,
): { at: Int32Array; first: number; end: number } {
  const at = new Int32Array(size * taps);
  let [first, end] = [size, 0];
  for (let i = 0; i < size; i++) {
    const centre = (i + 0.5 - border) / scale;
    const source = centre + origin;
    if (centre >= 0 && centre <= length && source >= 0 && source < limit) {
      first = Math.min(first, i);
      end = i + 1;
    }
    for (let tap = 0; tap < taps; tap++) {
      const position = Math.floor((i + (tap + 0.5) / taps - border) / scale + origin);
      at[i * taps + tap] = Math.min(limit - 1, Math.max(0, position)) * stride;
    }
  }
  return { at, first: Math.min(first, end), end };
}
