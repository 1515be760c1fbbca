/** The 68 points of iBUG 300-W (Sagonas et al. 2013) by part, the axes of a face, and faults of landmarks. */
import { type Box, boundsOf, type Point } from '../../base/geometry.ts';
import type { LandmarkedPicture } from './types.ts';

const indices = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => from + i);

/** Left and right are the viewer's. */
export const parts = {
  jaw: indices(0, 16),
  leftBrow: indices(17, 21),
  rightBrow: indices(22, 26),
  bridge: indices(27, 30),
  nostrils: indices(31, 35),
  leftEye: indices(36, 41),
  rightEye: indices(42, 47),
  outerLips: indices(48, 59),
  innerLips: indices(60, 67),
} as const;

export function pick(points: readonly Point[], chosen: readonly number[]): Point[] {
  return chosen.map((index) => points[index]);
}

export function meanPoint(points: readonly Point[]): Point {
  let [x, y] = [0, 0];
  for (const point of points) {
    x += point.x;
    y += point.y;
  }
  return { x: x / points.length, y: y / points.length };
}

/** Axes of a face in its picture. */
export interface FaceAxes {
  /** Between the eyes. */
  origin: Point;
  /** From the left eye's centre to the right's: one interocular distance to the viewer's right. */
  right: Point;
  /** As long as `right`, a quarter turn clockwise: towards the chin. */
  down: Point;
  /** Length of both, in pixels. */
  unit: number;
}

/**
 * In a profile the eyes lie close: the unit is then taken from the height instead. It is never less than a fifth of
 * the distance from brows to chin (2.1 units in the mean frontal face).
 */
export function faceAxes(points: readonly Point[]): FaceAxes {
  const left = meanPoint(pick(points, parts.leftEye));
  const eyes = meanPoint(pick(points, parts.rightEye));
  const [dx, dy] = [eyes.x - left.x, eyes.y - left.y];
  const brows = meanPoint(pick(points, [...parts.leftBrow, ...parts.rightBrow]));
  const chin = points[8];
  const height = Math.hypot(chin.x - brows.x, chin.y - brows.y);
  const distance = Math.hypot(dx, dy);
  const unit = Math.max(distance, height / 5, 1e-6);
  const [ux, uy] =
    distance > height / 10
      ? [dx / distance, dy / distance]
      : [(chin.y - brows.y) / height, (brows.x - chin.x) / height];
  return {
    origin: { x: (left.x + eyes.x) / 2, y: (left.y + eyes.y) / 2 },
    right: { x: ux * unit, y: uy * unit },
    down: { x: -uy * unit, y: ux * unit },
    unit,
  };
}

/** The loose box of SBI's recipe (field.md §4.2): half a width to each side, one height above, 0.4 below. */
export function looseBox(points: readonly Point[]): Box {
  const { x, y, width, height } = boundsOf(points);
  return { x: x - width / 2, y: y - height, width: 2 * width, height: 2.4 * height };
}

/** Narrower faces hold too little to blend. */
const leastWidth = 24;

/**
 * Why no forgery can be made of a picture, in words for a list of drops; undefined where one can.
 * Asked before {@link makeForgery}, which throws on such pictures.
 */
export function landmarkFault({ picture, points }: LandmarkedPicture): string | undefined {
  if (points.length !== 68) return `${points.length} landmarks instead of 68`;
  if (!points.every(({ x, y }) => Number.isFinite(x) && Number.isFinite(y)))
    return 'landmarks are not finite';
  const box = boundsOf(points);
  if (Math.min(box.width, box.height) < leastWidth) return `the face is smaller than ${leastWidth} px`;
  const inside = points.filter(({ x, y }) => x >= 0 && y >= 0 && x <= picture.width && y <= picture.height);
  if (inside.length < 48) return 'less than 48 of 68 landmarks lie inside the picture';
  return undefined;
}
