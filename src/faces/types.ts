import type { Box, Point } from '../base/geometry.ts';

/** A detection with landmarks in one frame. Coordinates are pixels of that frame. */
export interface Face {
  /** Tight box of the face (chin to brow, ear to ear) from the landmarks. */
  box: Box;
  /** The detector's confidence, 0 to 1. */
  confidence: number;
  /** The mesh's own "this is a face" probability, 0 to 1; low on bad fits and extreme profiles. */
  meshConfidence: number;
  /** 468 mesh points, x y z triples in pixels (z relative to the face's centre, towards the camera negative). */
  mesh: Float32Array;
}

/** A face as a track knows it. */
export interface TrackedFace extends Face {
  frameIndex: number;
  timeSeconds: number;
}

/** One person's faces over time, never across a shot change. */
export interface Track {
  /** 1, 2, … in order of first appearance. */
  id: number;
  /** The same number for tracks that look like one person seen again after a cut; a hint, not an identification. */
  person: number;
  faces: TrackedFace[];
}

export type FivePoints = readonly [
  leftEye: Point,
  rightEye: Point,
  nose: Point,
  leftMouth: Point,
  rightMouth: Point,
];
