/** The blend equation, and what follows from a mask. */
import type { Box } from '../../base/geometry.ts';
import type { Mask } from '../../media/image.ts';
import type { Picture } from '../../media/types.ts';

/** round(target + ratio mask / 255 (source - target)): a new picture, equal to `target` where the mask is 0. */
export function blend(target: Picture, source: Picture, mask: Mask, ratio: number): Picture {
  if (target.data.length !== source.data.length || mask.data.length * 3 !== target.data.length) {
    throw new Error('a blend of pictures and masks of different sizes');
  }
  const data = target.data.slice();
  const from = source.data;
  const weights = mask.data;
  const scale = ratio / 255;
  for (let i = 0, at = 0; i < weights.length; i++, at += 3) {
    if (weights[i] === 0) continue;
    const w = weights[i] * scale;
    // Between two bytes: adding a half and dropping the rest rounds.
    data[at] = data[at] + w * (from[at] - data[at]) + 0.5;
    data[at + 1] = data[at + 1] + w * (from[at + 1] - data[at + 1]) + 0.5;
    data[at + 2] = data[at + 2] + w * (from[at + 2] - data[at + 2]) + 0.5;
  }
  return { width: target.width, height: target.height, data };
}

/** Face X-ray's target (Li et al. 2020, eq. 2): 4 m (1 - m), bright where two pictures meet, 0 inside and outside. */
export function boundaryOf({ width, height, data }: Mask): Mask {
  const out = new Uint8Array(data.length);
  for (let i = 0; i < data.length; i++) {
    const m = data[i] / 255;
    out[i] = Math.round(255 * 4 * m * (1 - m));
  }
  return { width, height, data: out };
}

/** Smallest box of whole pixels that holds all that is not 0; undefined for an empty mask. */
export function maskBounds({ width, height, data }: Mask): Box | undefined {
  let [left, right, top, bottom] = [width, -1, height, -1];
  for (let y = 0; y < height; y++) {
    const line = y * width;
    let x = 0;
    while (x < width && data[line + x] === 0) x++;
    if (x === width) continue;
    if (top === height) top = y;
    bottom = y;
    if (x < left) left = x;
    let end = width - 1;
    while (data[line + end] === 0) end--;
    if (end > right) right = end;
  }
  return right < 0 ? undefined : { x: left, y: top, width: right - left + 1, height: bottom - top + 1 };
}

export function emptyMask(width: number, height: number): Mask {
  return { width, height, data: new Uint8Array(width * height) };
}
