/** Plane geometry in pixels: x to the right, y down, (0, 0) the outer corner of the first pixel. */

export interface Point {
  x: number;
  y: number;
}

/** Axis-aligned box: top-left corner and size, in pixels; may reach outside the picture. */
export interface Box {
  x: number;
  y: number;
  width: number;
  height: number;
}

export function centre(box: Box): Point {
  return { x: box.x + box.width / 2, y: box.y + box.height / 2 };
}

export function area(box: Box): number {
  return Math.max(0, box.width) * Math.max(0, box.height);
}

/** Intersection over union, 0 to 1. */
export function iou(a: Box, b: Box): number {
  const width = Math.min(a.x + a.width, b.x + b.width) - Math.max(a.x, b.x);
  const height = Math.min(a.y + a.height, b.y + b.height) - Math.max(a.y, b.y);
  if (width <= 0 || height <= 0) return 0;
  const shared = width * height;
  return shared / (area(a) + area(b) - shared);
}

/** The square with the box's centre and `scale` times its longest side. */
export function squareAround(box: Box, scale: number): Box {
  const side = Math.max(box.width, box.height) * scale;
  const { x, y } = centre(box);
  return { x: x - side / 2, y: y - side / 2, width: side, height: side };
}

/** Smallest box that holds all points. */
export function boundsOf(points: readonly Point[]): Box {
  let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
  for (const { x, y } of points) {
    left = Math.min(left, x);
    top = Math.min(top, y);
    right = Math.max(right, x);
    bottom = Math.max(bottom, y);
  }
  return { x: left, y: top, width: right - left, height: bottom - top };
}
