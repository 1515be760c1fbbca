/** Polygons: hulls, areas, and filling with exact coverage. */
import type { Point } from '../../base/geometry.ts';

/** Convex hull without collinear points, in one turning sense (Andrew's monotone chain). */
export function convexHull(points: readonly Point[]): Point[] {
  const sorted = points.toSorted((p, q) => p.x - q.x || p.y - q.y);
  const half = (ordered: readonly Point[]) => {
    const chain: Point[] = [];
    for (const point of ordered) {
      while (chain.length >= 2 && cross(chain[chain.length - 2], chain[chain.length - 1], point) <= 0)
        chain.pop();
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
  return points.map(({ x, y }) => ({
    x: centre.x + (x - centre.x) * scale,
    y: centre.y + (y - centre.y) * scale,
  }));
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
  for (const [i, p] of clipped.entries())
    addEdge(areas, stride, height, p, clipped[(i + 1) % clipped.length]);
  for (let y = 0; y < height; y++) {
    let sum = 0;
    for (let x = 0; x < width; x++) {
      sum += areas[y * stride + x];
      const cover = Math.abs(sum);
      out[y * width + x] = Math.min(cover, 1);
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
    const low = Math.max(0, Math.min(x, next));
    const high = Math.min(stride - 2, Math.max(x, next));
    const first = Math.floor(low);
    const end = Math.max(first + 1, Math.ceil(high));
    // G(t): the integral up to t of the share of this piece of edge that lies left of t.
    // A pixel's coverage is G at its right side less G at its left; what is stored is the change from pixel to pixel.
    let integral = 0;
    let covered = 0;
    for (let t = first + 1; t <= end; t++) {
      const upTo = t >= high ? t - (low + high) / 2 : (t - low) ** 2 / (2 * (high - low));
      areas[y * stride + t - 1] += sign * rise * (upTo - integral - covered);
      covered = upTo - integral;
      integral = upTo;
    }
    areas[y * stride + end] += sign * rise * (1 - covered);
    x = next;
  }
}

/** Sutherland-Hodgman against the picture's four sides; pieces that run along a side enclose nothing. */
function clip(polygon: readonly Point[], width: number, height: number): Point[] {
  let out = [...polygon];
  for (const axis of ['x', 'y'] as const) {
    const end = axis === 'x' ? width : height;
    for (const [limit, sign] of [
      [0, 1],
      [end, -1],
    ] as const) {
      const next: Point[] = [];
      for (const [i, p] of out.entries()) {
        const q = out[(i + 1) % out.length];
        const inP = sign * (p[axis] - limit) >= 0;
        const inQ = sign * (q[axis] - limit) >= 0;
        if (inP) next.push(p);
        if (inP === inQ) continue;
        const share = (limit - p[axis]) / (q[axis] - p[axis]);
        const crossing = { x: p.x + share * (q.x - p.x), y: p.y + share * (q.y - p.y) };
        crossing[axis] = limit;
        next.push(crossing);
      }
      out = next;
    }
  }
  return out;
}
