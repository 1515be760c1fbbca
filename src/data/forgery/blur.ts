/** Gaussian blur under a mask by three running means: the cost does not grow with σ. */
import type { Mask } from '../../media/image.ts';
import type { Picture } from '../../media/types.ts';
import { maskBounds } from './blend.ts';

/**
 * The picture blurred near the mask, as interleaved RGB; 0 far from it. Averages take in only what the mask touches
 * (sum of weight x value over sum of weight), so that no background bleeds into the face.
 *
 * Three boxes of width w have variance (w² - 1) / 4, so w = √(4 σ² + 1), rounded to odd.
 */
export function blurBox(picture: Picture, sigma: number, mask: Mask): Float32Array {
  const { width, height, data } = picture;
  const out = new Float32Array(data.length);
  const box = maskBounds(mask);
  if (!box) return out;
  const radius = Math.max(1, Math.round((Math.sqrt(4 * sigma * sigma + 1) - 1) / 2));
  const area = box.width * box.height;
  const planes = Array.from({ length: 4 }, () => new Float32Array(area));
  for (let y = 0, i = 0; y < box.height; y++) {
    let from = (box.y + y) * width + box.x;
    for (let x = 0; x < box.width; x++, i++, from++) {
      const weight = mask.data[from] / 255;
      planes[3][i] = weight;
      for (let channel = 0; channel < 3; channel++) planes[channel][i] = weight * data[3 * from + channel];
    }
  }
  const scratch = new Float32Array(area);
  for (const plane of planes) {
    for (let pass = 0; pass < 3; pass++) {
      meanAlong(plane, scratch, box.height, box.width, box.width, 1, radius);
      meanAlong(scratch, plane, box.width, box.height, 1, box.width, radius);
    }
  }
  for (let y = 0, i = 0; y < box.height && box.y + y < height; y++) {
    let to = ((box.y + y) * width + box.x) * 3;
    for (let x = 0; x < box.width; x++, i++, to += 3) {
      const scale = 1 / Math.max(planes[3][i], 1e-6);
      for (let channel = 0; channel < 3; channel++) out[to + channel] = planes[channel][i] * scale;
    }
  }
  return out;
}

/** Mean of 2 `radius` + 1 neighbours along each line, 0 beyond its ends. */
function meanAlong(
  from: Float32Array,
  to: Float32Array,
  lines: number,
  length: number,
  lineStep: number,
  step: number,
  radius: number,
): void {
  const scale = 1 / (2 * radius + 1);
  for (let line = 0; line < lines; line++) {
    const start = line * lineStep;
    let sum = 0;
    for (let i = 0; i < Math.min(radius, length); i++) sum += from[start + i * step];
    for (let i = 0; i < length; i++) {
      if (i + radius < length) sum += from[start + (i + radius) * step];
      if (i - radius > 0) sum -= from[start + (i - radius - 1) * step];
      to[start + i * step] = sum * scale;
    }
  }
}
