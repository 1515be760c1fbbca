/** Mask shapes from the 68 points: the four families of field.md §4.3, and local ones. */
import type { Point } from '../../base/geometry.ts';
import type { Random } from '../../base/random.ts';
import { meanPoint, parts, pick } from './face-points.ts';
import { convexHull, polygonArea, scaleAbout } from './polygon.ts';

/**
 * - `face`: the outline: jaw and forehead, or jaw and brows.
 * - `extended`: jaw a little widened, brows raised.
 * - `parts`: one of six parts: inner, lower or upper face, a half, or eyes, nose and mouth as a T.
 * - `hull`: the convex hull of all points.
 */
export const maskShapes = ['face', 'extended', 'parts', 'hull'] as const;
export type MaskShape = (typeof maskShapes)[number];

const brows = [...parts.leftBrow, ...parts.rightBrow];

/**
 * Seven points over the forehead: half an ellipse from temple to temple, whose top lies `height` times the distance
 * from brows to chin above the brows. The hairline of classical proportions (three equal thirds) is at 0.5.
 */
export function foreheadArc(points: readonly Point[], height: number): Point[] {
  const [left, right] = [points[0], points[16]];
  const centre = meanPoint([left, right]);
  const brow = meanPoint(pick(points, brows));
  const chin = points[8];
  const top = { x: brow.x + (brow.x - chin.x) * height, y: brow.y + (brow.y - chin.y) * height };
  return Array.from({ length: 7 }, (_, i) => {
    const angle = ((i + 1) * Math.PI) / 8;
    const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
    return {
      x: centre.x + (right.x - centre.x) * cos + (top.x - centre.x) * sin,
      y: centre.y + (right.y - centre.y) * cos + (top.y - centre.y) * sin,
    };
  });
}

/** Jaw and forehead arc from right to left, or jaw and brows where `forehead` is 0. */
function outline(points: readonly Point[], forehead: number): Point[] {
  const above = forehead > 0 ? foreheadArc(points, forehead) : pick(points, brows).toReversed();
  return [...pick(points, parts.jaw), ...above];
}

/** In a profile the far jaw folds over the near one and leaves a crescent: the hull then stands for the outline. */
function unfolded(polygon: Point[]): Point[] {
  const hull = convexHull(polygon);
  return polygonArea(polygon) < 0.75 * polygonArea(hull) ? hull : polygon;
}

/** Polygons in picture pixels whose union is the shape. @param forehead see {@link foreheadArc}; 0 leaves it out */
export function shapePolygons(
  points: readonly Point[],
  shape: MaskShape,
  forehead: number,
  random: Random,
): Point[][] {
  switch (shape) {
    case 'face':
      return [unfolded(outline(points, forehead))];
    case 'hull':
      return [convexHull([...points, ...(forehead > 0 ? foreheadArc(points, forehead) : [])])];
    case 'extended': {
      const raise = random.uniform(0.08, 0.25);
      const brow = meanPoint(pick(points, brows));
      const chin = points[8];
      const raised = pick(points, brows)
        .toReversed()
        .map(({ x, y }) => ({ x: x + (brow.x - chin.x) * raise, y: y + (brow.y - chin.y) * raise }));
      const jaw = scaleAbout(pick(points, parts.jaw), meanPoint(points), 1.05);
      return [unfolded([...jaw, ...raised])];
    }
    case 'parts':
      return partPolygons(points, random.pick(partShapes), forehead);
  }
}

/** The extents of real manipulations, each in one piece. */
const partShapes = ['inner', 'lower', 'upper', 'left', 'right', 'tee'] as const;

function partPolygons(
  points: readonly Point[],
  part: (typeof partShapes)[number],
  forehead: number,
): Point[][] {
  const { jaw, leftBrow, rightBrow, bridge, nostrils, leftEye, rightEye, outerLips } = parts;
  const eyes = [...leftEye, ...rightEye];
  const hull = (indices: readonly number[], scale: number, more: readonly Point[] = []) => {
    const polygon = convexHull([...pick(points, indices), ...more]);
    return scaleAbout(polygon, meanPoint(polygon), scale);
  };
  switch (part) {
    case 'inner':
      return [hull([...brows, ...eyes, ...nostrils, ...outerLips], 1.08)];
    case 'lower':
      return [hull([...jaw.slice(3, 14), ...nostrils, ...outerLips], 1)];
    case 'upper':
      return [
        hull([0, 16, ...brows, ...eyes, ...nostrils], 1, forehead > 0 ? foreheadArc(points, forehead) : []),
      ];
    case 'left':
      return [hull([...jaw.slice(0, 9), ...leftBrow, ...bridge, ...nostrils.slice(0, 3), 51, 57], 1)];
    case 'right':
      return [hull([...jaw.slice(8), ...rightBrow, ...bridge, ...nostrils.slice(2), 51, 57], 1)];
    case 'tee':
      return [hull([...brows, ...eyes], 1.15), hull([27, 39, 42, ...nostrils, ...outerLips], 1.25)];
  }
}

/** The lower face that reenactments redraw: below the nose, inside the jaw. `reach` 0 is the lips, 1 the jaw. */
export function mouthPolygon(points: readonly Point[], reach: number): Point[] {
  const lips = meanPoint(pick(points, parts.outerLips));
  const widest = convexHull([
    ...pick(points, [3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13]),
    points[31],
    points[33],
    points[35],
  ]);
  const least = scaleAbout(convexHull(pick(points, parts.outerLips)), lips, 1.25);
  // Support points in 24 directions from the lips, between the two outlines: star-shaped, so it stays simple.
  return Array.from({ length: 24 }, (_, k) => {
    const angle = (k * Math.PI) / 12;
    const direction = { x: Math.cos(angle), y: Math.sin(angle) };
    const near = reachOf(least, lips, direction);
    const far = Math.max(near, reachOf(widest, lips, direction) * 0.95);
    const distance = near + reach * (far - near);
    return { x: lips.x + direction.x * distance, y: lips.y + direction.y * distance };
  });
}

/** How far a ray from a point inside a convex polygon runs until it leaves it; 0 from outside. */
function reachOf(polygon: readonly Point[], from: Point, direction: Point): number {
  let reach = 0;
  for (const [i, p] of polygon.entries()) {
    const q = polygon[(i + 1) % polygon.length];
    const [ex, ey] = [q.x - p.x, q.y - p.y];
    const denominator = direction.x * ey - direction.y * ex;
    if (Math.abs(denominator) < 1e-12) continue;
    const [px, py] = [p.x - from.x, p.y - from.y];
    const along = (px * ey - py * ex) / denominator;
    const share = (px * direction.y - py * direction.x) / denominator;
    if (along > reach && share >= 0 && share <= 1) reach = along;
  }
  return reach;
}
