/** Finding another person whose landmarks lie alike. */
import type { Point } from '../../base/geometry.ts';
import { meanPoint } from './face-points.ts';

/** A face that may lend itself. Plain data: thousands of them travel to worker threads. */
export interface DonorCandidate {
  /** Who is shown: nobody is swapped with themselves. */
  sourceId: string;
  /** From {@link shapeOf}. */
  shape: Float32Array;
}

/** 136 numbers: the points' offsets from their mean, scaled to a root mean square of 1. The turn of the head stays. */
export function shapeOf(points: readonly Point[]): Float32Array {
  const centre = meanPoint(points);
  const out = new Float32Array(2 * points.length);
  let squares = 0;
  for (const [i, { x, y }] of points.entries()) {
    out[2 * i] = x - centre.x;
    out[2 * i + 1] = y - centre.y;
    squares += out[2 * i] ** 2 + out[2 * i + 1] ** 2;
  }
  const scale = 1 / Math.sqrt(Math.max(squares / points.length, 1e-12));
  for (let i = 0; i < out.length; i++) out[i] *= scale;
  return out;
}

/** Root mean square distance of two shapes' points, in units of the face's own spread (about 0.1 for near faces). */
export function shapeDistance(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] - b[i]) ** 2;
  return Math.sqrt((2 * sum) / a.length);
}

/**
 * The candidate with the nearest landmarks who is somebody else (Face X-ray §3.2: of 5,000 random frames of other
 * videos; the caller draws them). Undefined where there is nobody else; the first of equals.
 */
export function nearestDonor(
  points: readonly Point[],
  sourceId: string,
  candidates: readonly DonorCandidate[],
): { index: number; distance: number } | undefined {
  const shape = shapeOf(points);
  let best: { index: number; distance: number } | undefined;
  for (const [index, candidate] of candidates.entries()) {
    if (candidate.sourceId === sourceId) continue;
    const distance = shapeDistance(shape, candidate.shape);
    if (!best || distance < best.distance) best = { index, distance };
  }
  return best;
}
