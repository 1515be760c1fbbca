/** Bringing one picture's face onto another's: similarities, and affine resampling of a part of a picture. */
import type { Box, Point } from '../../base/geometry.ts';
import type { Affine } from '../../faces/warp.ts';
import type { Picture } from '../../media/types.ts';
import { meanPoint } from './face-points.ts';

/**
 * The similarity (turn, scale, shift) that brings `from` nearest to `to` in least squares, as a matrix from one plane
 * to the other (Umeyama 1991 in two dimensions, where it is one complex division).
 */
export function fitSimilarity(from: readonly Point[], to: readonly Point[]): Affine {
  const p = meanPoint(from);
  const q = meanPoint(to);
  let [real, imaginary, norm] = [0, 0, 0];
  for (const [i, point] of from.entries()) {
    const [ax, ay] = [point.x - p.x, point.y - p.y];
    const [bx, by] = [to[i].x - q.x, to[i].y - q.y];
    real += ax * bx + ay * by;
    imaginary += ax * by - ay * bx;
    norm += ax * ax + ay * ay;
  }
  const [c, s] = norm > 0 ? [real / norm, imaginary / norm] : [1, 0];
  return [c, -s, q.x - c * p.x + s * p.y, s, c, q.y - s * p.x - c * p.y];
}

/** Scale and shift about a point. */
export function scaleShift(centre: Point, scale: number, shift: Point): Affine {
  return [scale, 0, centre.x * (1 - scale) + shift.x, 0, scale, centre.y * (1 - scale) + shift.y];
}

const one = 65_536;

/**
 * A picture of `width` x `height` that shows in `box`, and only there, what `matrix` (this picture → `picture`) points
 * at; black elsewhere. Bilinear in 1/256 px, the border repeats. Meant for scales near 1: it does not filter.
 */
export function warpBox(picture: Picture, matrix: Affine, width: number, height: number, box: Box): Picture {
  const [a, b, c, d, e, f] = matrix;
  const out = new Uint8Array(width * height * 3);
  const { data, width: sourceWidth, height: sourceHeight } = picture;
  const right = (sourceWidth - 1) * one;
  const bottom = (sourceHeight - 1) * one;
  const stride = sourceWidth * 3;
  for (let y = box.y; y < box.y + box.height; y++) {
    let at = (y * width + box.x) * 3;
    for (let x = box.x; x < box.x + box.width; x++, at += 3) {
      const px = x + 0.5;
      const py = y + 0.5;
      let u = Math.round((a * px + b * py + c - 0.5) * one);
      let v = Math.round((d * px + e * py + f - 0.5) * one);
      u = u < 0 ? 0 : Math.min(u, right);
      v = v < 0 ? 0 : Math.min(v, bottom);
      const fx = (u & 0xffff) >> 8;
      const fy = (v & 0xffff) >> 8;
      const i = Math.floor(v / one) * stride + Math.floor(u / one) * 3;
      const k = u < right ? i + 3 : i;
      const j = v < bottom ? stride : 0;
      const w11 = fx * fy;
      const w01 = (fx << 8) - w11;
      const w10 = (fy << 8) - w11;
      const w00 = one - w01 - w10 - w11;
      out[at] = (w00 * data[i] + w01 * data[k] + w10 * data[i + j] + w11 * data[k + j] + 32_768) >> 16;
      out[at + 1] =
        (w00 * data[i + 1] + w01 * data[k + 1] + w10 * data[i + j + 1] + w11 * data[k + j + 1] + 32_768) >>
        16;
      out[at + 2] =
        (w00 * data[i + 2] + w01 * data[k + 2] + w10 * data[i + j + 2] + w11 * data[k + j + 2] + 32_768) >>
        16;
    }
  }
  return { width, height, data: out };
}
