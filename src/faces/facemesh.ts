/**
 * FaceMesh: 468 landmarks of a face (Kartynnik et al., "Real-time Facial Surface Geometry from Monocular Video on
 * Mobile GPUs", 2019), from the files of `@vladmandic/human`.
 */
import { boundsOf, centre, type Point } from '../base/geometry.ts';
import { floats, tensor } from '../graph/tensor.ts';
import type { Picture } from '../media/types.ts';
import { openSession, type Session, type SessionOptions } from '../runtime/session.ts';
import { meshSize, pointOf } from './landmarks.ts';
import type { ModelFiles } from './model-files.ts';
import type { Detection } from './nms.ts';
import { tfjsToOnnx } from './tfjs.ts';
import { parseTfjs } from './tfjs-model.ts';
import { squareMatrix, toPlanes, warpAffine } from './warp.ts';

const inputSize = 192;
/** MediaPipe's margin: the square is 1.5 times the longest side of what it is made from. */
const roiScale = 1.5;

/** A square that holds a face: frame pixels, and the angle (radians, clockwise) that levels the eyes. */
export interface Roi {
  centre: Point;
  side: number;
  angle: number;
}

export interface Mesh {
  /** 468 x, y, z triples in frame pixels; z as in {@link Face.mesh}. */
  points: Float32Array;
  /** The network's probability that the square holds a face it could fit. */
  flag: number;
}

/** MediaPipe's `face_detection_front_detection_to_roi`: box x 1.5, rotated by the line between the eyes. */
export function roiOfDetection({ box, points: [left, right] }: Detection): Roi {
  return {
    centre: centre(box),
    side: Math.max(box.width, box.height) * roiScale,
    angle: Math.atan2(right.y - left.y, right.x - left.x),
  };
}

/** MediaPipe's `face_landmark_landmarks_to_roi`: bounds of the mesh x 1.5, rotated by the outer eye corners. */
export function roiOfMesh(mesh: Float32Array): Roi {
  const [left, right] = [pointOf(mesh, 33), pointOf(mesh, 263)];
  const angle = Math.atan2(right.y - left.y, right.x - left.x);
  // Bounds in the face's own axes, so that a tilted head does not get a larger square.
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  const turned = Array.from({ length: meshSize }, (_, i) => {
    const { x, y } = pointOf(mesh, i);
    return { x: cos * x + sin * y, y: cos * y - sin * x };
  });
  const bounds = boundsOf(turned);
  const middle = centre(bounds);
  return {
    centre: { x: cos * middle.x - sin * middle.y, y: sin * middle.x + cos * middle.y },
    side: Math.max(bounds.width, bounds.height) * roiScale,
    angle,
  };
}

export class FaceMesh {
  readonly #session: Session;

  private constructor(session: Session) {
    this.#session = session;
  }

  static async open(files: ModelFiles, options: SessionOptions): Promise<FaceMesh> {
    const model = tfjsToOnnx(parseTfjs(await files.read('facemesh')), {
      mesh: 'Identity_2',
      flag: 'Identity_1',
    });
    return new FaceMesh(await openSession(model, options));
  }

  /** Fits a mesh in each square, all in one batch. */
  async fit(picture: Picture, rois: readonly Roi[]): Promise<Mesh[]> {
    if (rois.length === 0) return [];
    const input = new Float32Array(rois.length * 3 * inputSize * inputSize);
    const matrices = rois.map((roi) => squareMatrix(roi.centre, roi.side, roi.angle, inputSize));
    for (const [i, matrix] of matrices.entries()) {
      toPlanes(
        warpAffine(picture, matrix, inputSize, inputSize, { fill: 0, fast: true }),
        input,
        i,
        1 / 255,
        0,
      );
    }
    const results = await this.#session.run({ input: tensor(input, [rois.length, 3, inputSize, inputSize]) });
    const raw = floats(results.mesh);
    const flags = floats(results.flag);
    return matrices.map(([a, b, c, d, e, f], i) => {
      const scale = rois[i].side / inputSize;
      const points = new Float32Array(meshSize * 3);
      for (let k = 0; k < points.length; k += 3) {
        const from = i * points.length + k;
        points[k] = a * raw[from] + b * raw[from + 1] + c;
        points[k + 1] = d * raw[from] + e * raw[from + 1] + f;
        points[k + 2] = raw[from + 2] * scale;
      }
      return { points, flag: flags[i] };
    });
  }

  dispose(): Promise<void> {
    return this.#session.dispose();
  }
}
