/** Named subsets of the 468 mesh points, and what can be read off them cheaply. Left and right are the viewer's. */
import { type Box, boundsOf, type Point } from '../base/geometry.ts';
import type { FivePoints } from './types.ts';

export const meshSize = 468;

/** Corners of both eyes, nose tip, corners of the mouth. */
export const fivePointIndices = {
  leftEye: [33, 133],
  rightEye: [362, 263],
  nose: [1],
  leftMouth: [61],
  rightMouth: [291],
} as const;

/**
 * The 68 points of iBUG 300-W (Sagonas et al. 2013; dlib's order) as mesh indices: the person's right jaw first,
 * which is the picture's left. Where the usual tables differ, the index nearest to YouTube Faces' hand-checked points
 * was taken (589 faces).
 */
// biome-ignore format: one part of the face a line
export const sixtyEightIndices = [
  /* jaw, ear to ear */ 127, 234, 93, 132, 172, 136, 150, 176, 152, 400, 379, 365, 397, 361, 323, 454, 356,
  /* left brow */ 70, 63, 105, 66, 107,
  /* right brow */ 336, 296, 334, 293, 300,
  /* nose bridge */ 6, 195, 5, 1,
  /* nose base */ 98, 97, 2, 326, 327,
  /* left eye */ 33, 160, 158, 133, 153, 144,
  /* right eye */ 362, 385, 387, 263, 373, 380,
  /* outer lips */ 61, 39, 37, 0, 267, 269, 291, 405, 314, 17, 84, 181,
  /* inner lips */ 78, 82, 13, 312, 308, 317, 14, 87,
] as const;

export function pointOf(mesh: Float32Array, index: number): Point {
  return { x: mesh[3 * index], y: mesh[3 * index + 1] };
}

function meanOf(mesh: Float32Array, indices: readonly number[]): Point {
  let [x, y] = [0, 0];
  for (const index of indices) {
    x += mesh[3 * index];
    y += mesh[3 * index + 1];
  }
  return { x: x / indices.length, y: y / indices.length };
}

/** The five points that detectors such as MTCNN give: eye centres, nose tip, mouth corners. */
export function fivePoints(mesh: Float32Array): FivePoints {
  const { leftEye, rightEye, nose, leftMouth, rightMouth } = fivePointIndices;
  return [
    meanOf(mesh, leftEye),
    meanOf(mesh, rightEye),
    meanOf(mesh, nose),
    meanOf(mesh, leftMouth),
    meanOf(mesh, rightMouth),
  ];
}

/** The 68 points in iBUG's order. */
export function sixtyEightPoints(mesh: Float32Array): Point[] {
  return sixtyEightIndices.map((index) => pointOf(mesh, index));
}

/** The tight box: chin to brow, ear to ear. */
export function tightBox(mesh: Float32Array): Box {
  return boundsOf(sixtyEightPoints(mesh));
}

/** Head pose in degrees, from the mesh's own depth: rough (about 10 degrees), enough to flag profiles. */
export interface Pose {
  /** Positive when the nose points to the picture's right. */
  yaw: number;
  /** Positive when the nose points down. */
  pitch: number;
  /** Positive when the head leans clockwise in the picture. */
  roll: number;
}

export function poseOf(mesh: Float32Array): Pose {
  // Axes of the head: ear side to ear side, and forehead to chin; z grows away from the camera.
  const between = (from: number, to: number) => [0, 1, 2].map((k) => mesh[3 * to + k] - mesh[3 * from + k]);
  const across = between(234, 454);
  const down = between(10, 152);
  const degrees = 180 / Math.PI;
  return {
    yaw: Math.atan2(across[2], Math.hypot(across[0], across[1])) * degrees,
    pitch: Math.atan2(-down[2], Math.hypot(down[0], down[1])) * degrees,
    roll: Math.atan2(across[1], across[0]) * degrees,
  };
}

/** The tight box in axes turned by `angle` (radians, clockwise): its size, and its centre in frame pixels. */
export function turnedBox(
  mesh: Float32Array,
  angle: number,
): { centre: Point; width: number; height: number } {
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  const turned = sixtyEightPoints(mesh).map(({ x, y }) => ({ x: cos * x + sin * y, y: cos * y - sin * x }));
  const { x, y, width, height } = boundsOf(turned);
  const [middleX, middleY] = [x + width / 2, y + height / 2];
  return { centre: { x: cos * middleX - sin * middleY, y: sin * middleX + cos * middleY }, width, height };
}

/** The angle (radians, clockwise) of the line between the eyes: turning by it levels them. */
export function eyeAngle(mesh: Float32Array): number {
  const [left, right] = fivePoints(mesh);
  return Math.atan2(right.y - left.y, right.x - left.x);
}
