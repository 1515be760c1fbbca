/** Crop policies: how a face becomes the square picture that a detector was trained on. */
import { centre, type Point } from '../base/geometry.ts';
import type { Picture } from '../media/types.ts';
import type { CropPolicy } from './crop-policy.ts';
import { eyeAngle, fivePoints, turnedBox } from './landmarks.ts';
import type { Face } from './types.ts';
import { type Affine, type Fill, squareMatrix, warpAffine } from './warp.ts';

/**
 * The square that a policy cuts, in frame pixels; `angle` (radians, clockwise) turns it.
 *
 * - `aligned` (MesoNet, 3.1.1: faces extracted and "aligned"): turned so that the eyes are level; it holds the tight
 *   box measured in the turned axes, its longest side widened by `margin` face widths on each side.
 * - `square` (FaceForensics++, 3: box x 1.3; document 003: box x 2): parallel to the frame, on the centre of the tight
 *   box, `scale` times its longest side.
 * - `stretched`: the tight box, each side times its own scale; the crop's pixels are then not square.
 * - `landmark-centred` (document 004, IV-A): parallel to the frame, on the mean of the five landmarks, of side
 *   2 d_crop where d_crop = `scale` x the longest side of the box (`scale` is 1.1 there); black outside the frame.
 */
export function cropSquare(
  face: Pick<Face, 'box' | 'mesh'>,
  policy: CropPolicy,
): {
  centre: Point;
  side: number;
  angle: number;
  fill: Fill;
  /** Height over width where the cut is no square; 1 where left out. */
  aspect?: number;
} {
  const longest = Math.max(face.box.width, face.box.height);
  switch (policy.kind) {
    case 'square':
      return {
        centre: centre(face.box),
        side: longest * policy.scale,
        angle: 0,
        fill: policy.fill === 'zero' ? 0 : 'edge',
      };
    case 'stretched': {
      const height = face.box.height * policy.heightScale;
      return {
        centre: centre(face.box),
        side: face.box.width * policy.widthScale,
        angle: 0,
        fill: policy.fill === 'zero' ? 0 : 'edge',
        aspect: height / (face.box.width * policy.widthScale),
      };
    }
    case 'landmark-centred': {
      const points = fivePoints(face.mesh);
      const mean = (of: (point: Point) => number) => points.reduce((sum, point) => sum + of(point) / 5, 0);
      return {
        centre: { x: mean((p) => p.x), y: mean((p) => p.y) },
        side: 2 * policy.scale * longest,
        angle: 0,
        fill: 0,
      };
    }
    case 'aligned': {
      const angle = eyeAngle(face.mesh);
      const bounds = turnedBox(face.mesh, angle);
      const side = Math.max(bounds.width, bounds.height) + 2 * policy.margin * bounds.width;
      return { centre: bounds.centre, side, angle, fill: 'edge' };
    }
  }
}

/** The matrix from the crop's pixels to the frame's, so that masks and points go the same way as pictures. */
export function cropMatrix(face: Pick<Face, 'box' | 'mesh'>, policy: CropPolicy, size: number): Affine {
  return matrixOf(cropSquare(face, policy), size);
}

function matrixOf(square: ReturnType<typeof cropSquare>, size: number): Affine {
  const { centre: middle, side, angle, aspect = 1 } = square;
  const [a, b, c, d, e] = squareMatrix(middle, side, angle, size);
  // The aspect stretches the patch's y axis about the centre; without it this is the square matrix itself.
  return [
    a,
    b * aspect,
    c + (b - b * aspect) * (size / 2),
    d,
    e * aspect,
    middle.y - (d + e * aspect) * (size / 2),
  ];
}

/** The face as a square picture of `size` pixels; filtered when it shrinks, bilinear when it enlarges. */
export function cropFace(
  frame: Picture,
  face: Pick<Face, 'box' | 'mesh'>,
  policy: CropPolicy,
  size: number,
): Picture {
  const square = cropSquare(face, policy);
  return warpAffine(frame, matrixOf(square, size), size, size, { fill: square.fill });
}
