/** Polygons: hulls, areas, and filling with exact coverage. */
import type { Point } from '../../base/geometry.ts';

/** Convex hull without collinear points, in one turning sense (Andrew's monotone chain). */
export function convexHull(points: readonly Point[]): Point[] {
  const sorted = points.toSorted((p, q) => p.x - q.x || p.y - q.y);
  const half = (ordered: readonly Point[]) => {
    const chain: Point[] = [];
    for (const point of ordered) {
      while (chain.length >= 2 && cross(chain[chain.length - 2], chain[chain.length - 1], point) <= 0) chain.pop();
      chain.push(point);
    }
    chain.pop();
    return chain;
  };
  return [...half(sorted), ...half(sorted.toReversed())];
}

/** Twice the signed area of the triangle a b c. */
export function cross(a: Point, b: Point, c: Point): number {
  return (b.x - a.x) * (c.y - a.y) - (b.y - a.y) * (c.x - a.x);
}

/** Shoelace formula, without the sign. */
export function polygonArea(polygon: readonly Point[]): number {
  let sum = 0;
  for (const [i, p] of polygon.entries()) {
    const q = polygon[(i + 1) % polygon.length];
    sum += p.x * q.y - q.x * p.y;
  }
  return Math.abs(sum) / 2;
}

/** Points pushed away from their mean: 1.1 makes a polygon a tenth larger. */
export function scaleAbout(points: readonly Point[], centre: Point, scale: number): Point[] {
  return points.map(({ x, y }) => ({ x: centre.x + (x - centre.x) * scale, y: centre.y + (y - centre.y) * scale }));
}

/**
 * Share of every pixel that a polygon covers, exact for simple polygons: `width * height` values, 0 to 1.
 *
 * Each edge adds, in the rows that it crosses, the signed area to its right; a running sum along the row gives the
 * coverage (the accumulation buffer of font rasterisers).
 */
export function fillPolygon(polygon: readonly Point[], width: number, height: number): Float32Array {
  const out = new Float32Array(width * height);
  const stride = width + 2;
  const areas = new Float32Array(stride * height);
  const clipped = clip(polygon, width, height);
  for (const [i, p] of clipped.entries()) addEdge(areas, stride, height, p, clipped[(i + 1) % clipped.length]);
  for (let y = 0; y < height; y++) {
    let sum = 0;
    for (let x = 0; x < width; x++) {
      sum += areas[y * stride + x];
      const cover = Math.abs(sum);
      out[y * width + x] = cover > 1 ? 1 : cover;
    }
  }
  return out;
}

function addEdge(areas: Float32Array, stride: number, height: number, p: Point, q: Point): void {
  if (p.y === q.y) return;
  const sign = p.y < q.y ? 1 : -1;
  const [top, bottom] = p.y < q.y ? [p, q] : [q, p];
  const slope = (bottom.x - top.x) / (bottom.y - top.y);
  const last = Math.min(height, Math.ceil(bottom.y));
  let x = top.x;
  for (let y = Math.floor(top.y); y < last; y++) {
    const rise = Math.min(y + 1, bottom.y) - Math.max(y, top.y);
    const next = x + slope * rise;
    const area = sign * rise;
    const low = Math.min(x, next);
    const high = Math.max(x, next);
    const first = Math.floor(low);
    const cells = Math.ceil(high) - first;
    const at = y * stride + first;
    if (cells <= 1) {
      const right = (low + high) / 2 - first;
      areas[at] += area * (1 - right);
      areas[at + 1] += area * right;
    } else {
      // The covered share grows as a parabola in the first and last pixel, linearly between.
      const per = 1 / (high - low);
      const start = 1 - (low - first);
      let before = 0.5 * per * start * start;
      areas[at] += area * before;
      for (let k = 1; k < cells; k++) {
        const rest = high - first - k;
        const upTo = rest >= 1 ? per * (first + k + 0.5 - low) : 1 - 0.5 * per * rest * rest - per * rest * (1 - rest) * 0;
        const covered = rest >= 1 ? upTo : 1 - (rest - 0.5 * rest * rest * 0) * 0 - per * rest * rest * 0.5 - 0;
        areas[at + k] += area * (covered - before);
        before = covered;
      }
      areas[at + cells] += area * (1 - before);
    }
    x = next;
  }
}
