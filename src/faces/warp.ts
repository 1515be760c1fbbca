/**
 * Sampling patches out of 8-bit RGB pictures with plain typed-array loops.
 *
 * Coordinates are continuous pixels, (0, 0) the outer corner of the first pixel: pixel i covers [i, i + 1) and its
 * centre is i + 0.5. Matrices map the patch to the picture, because each patch pixel asks where it comes from.
 */
import type { Point } from '../base/geometry.ts';
import type { Picture } from '../media/types.ts';

/** `[a, b, c, d, e, f]`: patch (x, y) lies at picture (a x + b y + c, d x + e y + f). */
export type Affine = readonly [a: number, b: number, c: number, d: number, e: number, f: number];

/** Outside the picture: a value 0 to 255 for all channels, or the nearest pixel of the border. */
export type Fill = number | 'edge';

/** `fast` averages a few single pixels where it shrinks: for networks that look for shapes, not for traces. */
export interface WarpOptions {
  fill: Fill;
  fast?: boolean;
}

/** The matrix of a square patch of `size` pixels whose centre, side (picture pixels) and angle (radians) are given. */
export function squareMatrix(centre: Point, side: number, angle: number, size: number): Affine {
  const scale = side / size;
  const [cos, sin] = [Math.cos(angle) * scale, Math.sin(angle) * scale];
  const half = size / 2;
  return [cos, -sin, centre.x - (cos - sin) * half, sin, cos, centre.y - (sin + cos) * half];
}

export function apply([a, b, c, d, e, f]: Affine, x: number, y: number): Point {
  return { x: a * x + b * y + c, y: d * x + e * y + f };
}

/** The inverse map, picture to patch. Throws on a matrix that squashes the plane. */
export function invert([a, b, c, d, e, f]: Affine): Affine {
  const determinant = a * e - b * d;
  if (Math.abs(determinant) < 1e-12) throw new Error('a singular matrix has no inverse');
  const [ia, ib, id, ie] = [e / determinant, -b / determinant, -d / determinant, a / determinant];
  return [ia, ib, -(ia * c + ib * f), id, ie, -(id * c + ie * f)];
}

/**
 * The patch of `width` x `height` that `matrix` cuts out of the picture. Bilinear when it enlarges. When it
 * shrinks by s > 1, the picture is first averaged over whole blocks of floor(s) pixels and what remains (below 2)
 * by 2 x 2 bilinear taps a pixel, so that nothing aliases.
 */
export function warpAffine(
  picture: Picture,
  matrix: Affine,
  width: number,
  height: number,
  options: WarpOptions,
): Picture {
  const [a, b, , d, e] = matrix;
  const scale = Math.sqrt(Math.abs(a * e - b * d));
  const block = Math.floor(scale + 1e-6);
  if (block >= 2 && options.fast) return nearest(picture, matrix, width, height, options.fill);
  if (block >= 2) {
    const { reduced, x, y } = reduceRegion(picture, matrix, width, height, block, options.fill);
    const inner: Affine = [
      a / block,
      b / block,
      (matrix[2] - x) / block,
      d / block,
      e / block,
      (matrix[5] - y) / block,
    ];
    return bilinear(reduced, inner, width, height, options);
  }
  return bilinear(picture, matrix, width, height, options);
}

/** Block averages of the part of the picture that the patch can touch, one block beyond it on each side. */
function reduceRegion(
  picture: Picture,
  matrix: Affine,
  width: number,
  height: number,
  block: number,
  fill: Fill,
): { reduced: Picture; x: number; y: number } {
  const corners = [apply(matrix, 0, 0), apply(matrix, width, 0), apply(matrix, 0, height)];
  corners.push(apply(matrix, width, height));
  const margin = 2 * block;
  let left = Math.floor(Math.min(...corners.map((p) => p.x))) - margin;
  let top = Math.floor(Math.min(...corners.map((p) => p.y))) - margin;
  let right = Math.max(...corners.map((p) => p.x)) + margin;
  let bottom = Math.max(...corners.map((p) => p.y)) + margin;
  // Far outside the picture there is only fill: blocks that the sampler will fill itself are not made.
  left = Math.max(left, -margin);
  top = Math.max(top, -margin);
  right = Math.min(right, picture.width + margin);
  bottom = Math.min(bottom, picture.height + margin);
  const columns = Math.max(1, Math.ceil((right - left) / block));
  const rows = Math.max(1, Math.ceil((bottom - top) / block));
  const data = new Uint8Array(columns * rows * 3);
  const sums = new Uint32Array(columns * 3);
  const { data: source, width: pictureWidth, height: pictureHeight } = picture;
  const outside = fill === 'edge' ? -1 : fill;
  const count = block * block;
  const half = count >> 1;
  for (let row = 0; row < rows; row++) {
    sums.fill(0);
    for (let dy = 0; dy < block; dy++) {
      let y = top + row * block + dy;
      if (y < 0 || y >= pictureHeight) {
        if (outside >= 0) {
          for (let i = 0; i < sums.length; i++) sums[i] += outside * block;
          continue;
        }
        y = y < 0 ? 0 : pictureHeight - 1;
      }
      const line = y * pictureWidth * 3;
      for (let column = 0; column < columns; column++) {
        const start = left + column * block;
        const to = column * 3;
        if (start >= 0 && start + block <= pictureWidth) {
          let from = line + start * 3;
          let r = 0;
          let g = 0;
          let b = 0;
          for (let dx = 0; dx < block; dx++, from += 3) {
            r += source[from];
            g += source[from + 1];
            b += source[from + 2];
          }
          sums[to] += r;
          sums[to + 1] += g;
          sums[to + 2] += b;
          continue;
        }
        for (let dx = 0; dx < block; dx++) {
          const x = start + dx;
          const inside = x >= 0 && x < pictureWidth;
          const from = line + (inside ? x : x < 0 ? 0 : pictureWidth - 1) * 3;
          for (let channel = 0; channel < 3; channel++) {
            sums[to + channel] += inside || outside < 0 ? source[from + channel] : outside;
          }
        }
      }
    }
    const line = row * columns * 3;
    for (let i = 0; i < sums.length; i++) data[line + i] = ((sums[i] + half) / count) | 0;
  }
  return { reduced: { width: columns, height: rows, data }, x: left, y: top };
}

function bilinear(
  picture: Picture,
  matrix: Affine,
  width: number,
  height: number,
  { fill, fast }: WarpOptions,
): Picture {
  const [a, b, c, d, e, f] = matrix;
  const scale = Math.sqrt(Math.abs(a * e - b * d));
  const taps = scale > 1.05 && !fast ? 2 : 1;
  const weight = 1 / (taps * taps);
  const out = new Uint8Array(width * height * 3);
  const { data, width: sourceWidth, height: sourceHeight } = picture;
  const lastX = sourceWidth - 1;
  const lastY = sourceHeight - 1;
  const stride = sourceWidth * 3;
  const clamp = fill === 'edge';
  const outside = clamp ? 0 : fill;
  const allInside = liesInside(picture, matrix, width, height);
  let to = 0;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++, to += 3) {
      let red = 0;
      let green = 0;
      let blue = 0;
      for (let tap = 0; tap < taps * taps; tap++) {
        const px = x + (taps === 1 ? 0.5 : 0.25 + 0.5 * (tap & 1));
        const py = y + (taps === 1 ? 0.5 : 0.25 + 0.5 * (tap >> 1));
        let sx = a * px + b * py + c - 0.5;
        let sy = d * px + e * py + f - 0.5;
        if (!allInside) {
          if (clamp) {
            sx = sx < 0 ? 0 : Math.min(sx, lastX);
            sy = sy < 0 ? 0 : Math.min(sy, lastY);
          }
          const x0 = Math.floor(sx);
          const y0 = Math.floor(sy);
          if (x0 < 0 || y0 < 0 || x0 >= lastX || y0 >= lastY) {
            const fx = sx - x0;
            const fy = sy - y0;
            for (let corner = 0; corner < 4; corner++) {
              const cx = x0 + (corner & 1);
              const cy = y0 + (corner >> 1);
              const w = (corner & 1 ? fx : 1 - fx) * (corner >> 1 ? fy : 1 - fy);
              if (w === 0) continue;
              const inside = cx >= 0 && cy >= 0 && cx <= lastX && cy <= lastY;
              const at = cy * stride + cx * 3;
              red += (inside ? data[at] : outside) * w;
              green += (inside ? data[at + 1] : outside) * w;
              blue += (inside ? data[at + 2] : outside) * w;
            }
            continue;
          }
        }
        // Not negative here, so cutting off the fraction rounds down.
        const x0 = sx | 0;
        const y0 = sy | 0;
        const fx = sx - x0;
        const fy = sy - y0;
        const at = y0 * stride + x0 * 3;
        const under = at + stride;
        const w11 = fx * fy;
        const w10 = fx - w11;
        const w01 = fy - w11;
        const w00 = 1 - fx - w01;
        red += data[at] * w00 + data[at + 3] * w10 + data[under] * w01 + data[under + 3] * w11;
        green += data[at + 1] * w00 + data[at + 4] * w10 + data[under + 1] * w01 + data[under + 4] * w11;
        blue += data[at + 2] * w00 + data[at + 5] * w10 + data[under + 2] * w01 + data[under + 5] * w11;
      }
      out[to] = red * weight + 0.5;
      out[to + 1] = green * weight + 0.5;
      out[to + 2] = blue * weight + 0.5;
    }
  }
  return { width, height, data: out };
}

/** The mean of 2 x 2 (scale below 4) or 3 x 3 evenly spread single pixels: its cost depends on the patch only, not on the face's size. */
function nearest(picture: Picture, matrix: Affine, width: number, height: number, fill: Fill): Picture {
  const [a, b, c, d, e, f] = matrix;
  const { data, width: sourceWidth, height: sourceHeight } = picture;
  const out = new Uint8Array(width * height * 3);
  const clamp = fill === 'edge';
  const outside = clamp ? 0 : fill;
  const taps = Math.abs(a * e - b * d) < 16 ? 2 : 3;
  const count = taps * taps;
  const half = count >> 1;
  const stride = sourceWidth * 3;
  const inside = liesInside(picture, matrix, width, height);
  // A tap's place is a sum of its column's part and its row's part.
  const columnX = Float64Array.from({ length: width * taps }, (_, i) => (a * (i + 0.5)) / taps);
  const columnY = Float64Array.from({ length: width * taps }, (_, i) => (d * (i + 0.5)) / taps);
  let to = 0;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++, to += 3) {
      let red = half;
      let green = half;
      let blue = half;
      for (let v = 0; v < taps; v++) {
        const py = y + (v + 0.5) / taps;
        const rowX = b * py + c;
        const rowY = e * py + f;
        for (let column = x * taps; column < (x + 1) * taps; column++) {
          let sx = columnX[column] + rowX;
          let sy = columnY[column] + rowY;
          if (!inside && (sx < 0 || sy < 0 || sx >= sourceWidth || sy >= sourceHeight)) {
            if (!clamp) {
              red += outside;
              green += outside;
              blue += outside;
              continue;
            }
            sx = Math.max(0, Math.min(sourceWidth - 1, sx));
            sy = Math.max(0, Math.min(sourceHeight - 1, sy));
          }
          // Not negative here, so cutting off the fraction rounds down.
          const from = (sy | 0) * stride + (sx | 0) * 3;
          red += data[from];
          green += data[from + 1];
          blue += data[from + 2];
        }
      }
      out[to] = red / count;
      out[to + 1] = green / count;
      out[to + 2] = blue / count;
    }
  }
  return { width, height, data: out };
}

/** Whether every tap of a patch, and the pixel beside it, lies in the picture, so that no tap has to be tested. */
function liesInside(picture: Picture, matrix: Affine, width: number, height: number): boolean {
  const corners = [
    apply(matrix, 0, 0),
    apply(matrix, width, 0),
    apply(matrix, 0, height),
    apply(matrix, width, height),
  ];
  return corners.every(({ x, y }) => x >= 1 && y >= 1 && x < picture.width - 1 && y < picture.height - 1);
}

/** Writes a picture into one item of an NCHW tensor, as `value * scale + shift`. */
export function toPlanes(
  picture: Picture,
  into: Float32Array,
  item: number,
  scale: number,
  shift: number,
): void {
  const { data } = picture;
  const plane = picture.width * picture.height;
  let red = item * plane * 3;
  let green = red + plane;
  let blue = green + plane;
  for (let i = 0; i < data.length; i += 3) {
    into[red++] = data[i] * scale + shift;
    into[green++] = data[i + 1] * scale + shift;
    into[blue++] = data[i + 2] * scale + shift;
  }
}
