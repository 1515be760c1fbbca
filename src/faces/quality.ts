/** What limits a detector's sight of a face, as numbers; what is good enough is the detector contract's business. */
import type { Picture } from '../media/types.ts';
import { cropFace } from './crop.ts';
import { type Pose, poseOf } from './landmarks.ts';
import type { Face } from './types.ts';

export interface FaceQuality {
  /** Longest side of the tight box in frame pixels. */
  facePixels: number;
  /** Variance of the Laplacian of the grey face at 128 px: below about 50 is soft; grows with noise too. */
  sharpness: number;
  /** Mean grey level of the face, 0 to 255. */
  brightness: number;
  pose: Pose;
  /** As in {@link Face.meshConfidence}. */
  meshConfidence: number;
}

const side = 128;

export function qualityOf(frame: Picture, face: Face): FaceQuality {
  const grey = greyOf(cropFace(frame, face, { kind: 'square', scale: 1, fill: 'edge' }, side));
  return {
    facePixels: Math.max(face.box.width, face.box.height),
    sharpness: laplacianVariance(grey, side, side),
    brightness: grey.reduce((sum, value) => sum + value, 0) / grey.length,
    pose: poseOf(face.mesh),
    meshConfidence: face.meshConfidence,
  };
}

/** BT.601 luma, 0 to 255. */
export function greyOf({ data }: Picture): Float32Array {
  const grey = new Float32Array(data.length / 3);
  for (let i = 0, from = 0; i < grey.length; i++, from += 3) {
    grey[i] = 0.299 * data[from] + 0.587 * data[from + 1] + 0.114 * data[from + 2];
  }
  return grey;
}

/** Variance of the 4-neighbour Laplacian over the inner pixels (Pech-Pacheco et al. 2000). */
export function laplacianVariance(grey: Float32Array, width: number, height: number): number {
  let [sum, squares] = [0, 0];
  for (let y = 1; y < height - 1; y++) {
    for (let x = 1; x < width - 1; x++) {
      const i = y * width + x;
      const value = grey[i - 1] + grey[i + 1] + grey[i - width] + grey[i + width] - 4 * grey[i];
      sum += value;
      squares += value * value;
    }
  }
  const count = Math.max(1, (width - 2) * (height - 2));
  return squares / count - (sum / count) ** 2;
}
