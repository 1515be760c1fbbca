/**
 * Masks from the difference between a manipulated frame and its original (003, implementation details: "the
 * segmentation masks are calculated by checking the difference between a manipulated face image and its corresponding
 * original image"; threshold and clean-up are not stated there). Ours, on a square of 256 pixels around the face:
 *
 * 1. d = largest absolute difference of R, G, B, averaged over 5 x 5 pixels.
 * 2. Threshold t = max(10, 1.5 x the 95th percentile of d where no forgery reaches: farther than 0.9 face sizes from
 *    the face's centre). So compression, which differs everywhere, raises it; for lossless pairs it is 10 of 255.
 * 3. Closing by 4 pixels, holes filled, opening by 2.
 * 4. Regions that hold less than 0.5 % of the face's box, or do not touch the box widened by a quarter, are dropped; what lies
 *    outside the box widened by 0.4 (a collar that was compressed otherwise) is cut off.
 *
 * The result is binary; through the crop's matrix it becomes the crop's mask.
 */
import { centre } from '../../base/geometry.ts';
import type { Face } from '../../faces/types.ts';
import { type Affine, apply, invert, squareMatrix, warpAffine } from '../../faces/warp.ts';
import type { Mask } from '../../media/image.ts';
import type { Picture } from '../../media/types.ts';
import { close, components, fillHoles, open } from './morphology.ts';

const side = 256;
/** Side of the square in longest sides of the face's box. */
const reach = 2.4;
const leastThreshold = 10;
const noiseFactor = 1.5;

export interface DifferenceMask {
  /** 0 or 255, `side` pixels square. */
  mask: Mask;
  /** From the mask's pixels to the frame's. */
  matrix: Affine;
  /** Share of the face's box that is manipulated, 0 to 1. */
  share: number;
  threshold: number;
}

/** Both frames of one size and one moment. */
export function differenceMask(
  original: Picture,
  manipulated: Picture,
  face: Pick<Face, 'box'>,
): DifferenceMask {
  const { box } = face;
  const longest = Math.max(box.width, box.height);
  const matrix = squareMatrix(centre(box), longest * reach, 0, side);
  const [a, b] = [original, manipulated].map((frame) =>
    warpAffine(frame, matrix, side, side, { fill: 'edge' }),
  );
  const difference = boxBlur(largestDifference(a, b), side, side, 2);
  const unit = side / reach;
  const outside: number[] = [];
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) {
      const distance = Math.hypot(x + 0.5 - side / 2, y + 0.5 - side / 2);
      if (distance <= 0.9 * unit) continue;
      const at = apply(matrix, x + 0.5, y + 0.5);
      // What the border was stretched into says nothing about noise.
      if (at.x < 0 || at.y < 0 || at.x > original.width || at.y > original.height) continue;
      outside.push(difference[y * side + x]);
    }
  }
  const threshold = Math.max(leastThreshold, noiseFactor * percentile(outside, 0.95));
  let cells = Uint8Array.from(difference, (value) => (value > threshold ? 1 : 0));
  cells = open(fillHoles(close(cells, side, side, 4), side, side), side, side, 2);
  const half = { x: (box.width / longest) * (unit / 2), y: (box.height / longest) * (unit / 2) };
  const inFace = (x: number, y: number, widen: number) =>
    Math.abs(x + 0.5 - side / 2) <= half.x * widen && Math.abs(y + 0.5 - side / 2) <= half.y * widen;
  const faceArea = 4 * half.x * half.y;
  const data = new Uint8Array(side * side);
  let covered = 0;
  for (const region of components(cells, side, side)) {
    if (region.length < 0.005 * faceArea) continue;
    if (!region.some((i) => inFace(i % side, Math.floor(i / side), 1.25))) continue;
    for (const i of region) {
      const [x, y] = [i % side, Math.floor(i / side)];
      if (!inFace(x, y, 1.4)) continue;
      data[i] = 255;
      if (inFace(x, y, 1)) covered++;
    }
  }
  return { mask: { width: side, height: side, data }, matrix, share: covered / faceArea, threshold };
}

/** A mask that covers part of a frame, seen through a crop's matrix (crop → frame): binary, `size` pixels square. */
export function maskThrough(mask: Mask, toFrame: Affine, crop: Affine, size: number): Mask {
  const toMask = invert(toFrame);
  const [origin, right, down] = [apply(crop, 0, 0), apply(crop, 1, 0), apply(crop, 0, 1)].map(({ x, y }) =>
    apply(toMask, x, y),
  );
  const joined: Affine = [
    right.x - origin.x,
    down.x - origin.x,
    origin.x,
    right.y - origin.y,
    down.y - origin.y,
    origin.y,
  ];
  const three = new Uint8Array(mask.data.length * 3);
  for (const [i, value] of mask.data.entries()) three.fill(value, 3 * i, 3 * i + 3);
  const warped = warpAffine({ width: mask.width, height: mask.height, data: three }, joined, size, size, {
    fill: 0,
  });
  const data = new Uint8Array(size * size);
  for (let i = 0; i < data.length; i++) data[i] = warped.data[3 * i] >= 128 ? 255 : 0;
  return { width: size, height: size, data };
}

function largestDifference(a: Picture, b: Picture): Float32Array {
  const out = new Float32Array(a.width * a.height);
  for (let i = 0, at = 0; i < out.length; i++, at += 3) {
    const red = Math.abs(a.data[at] - b.data[at]);
    const green = Math.abs(a.data[at + 1] - b.data[at + 1]);
    const blue = Math.abs(a.data[at + 2] - b.data[at + 2]);
    out[i] = Math.max(red, green, blue);
  }
  return out;
}

/** Mean over (2 radius + 1)² pixels, those that exist. */
function boxBlur(values: Float32Array, width: number, height: number, radius: number): Float32Array {
  const pass = (from: Float32Array, length: number, lines: number, step: number, stride: number) => {
    const out = new Float32Array(from.length);
    for (let line = 0; line < lines; line++) {
      for (let k = 0; k < length; k++) {
        let [sum, count] = [0, 0];
        for (let j = Math.max(0, k - radius); j <= Math.min(length - 1, k + radius); j++, count++) {
          sum += from[line * stride + j * step];
        }
        out[line * stride + k * step] = sum / count;
      }
    }
    return out;
  };
  return pass(pass(values, width, height, 1, width), height, width, width, 1);
}

function percentile(values: number[], share: number): number {
  if (values.length === 0) return 0;
  values.sort((a, b) => a - b);
  return values[Math.min(values.length - 1, Math.floor(values.length * share))];
}
