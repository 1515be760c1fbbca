import { describe, expect, it } from 'vitest';
import { Random } from '../../base/random.ts';
import { drawnFace } from './cases/drawn-face.ts';
import { drawExpression, warpFace } from './expression.ts';
import { faceAxes } from './face-points.ts';
import { landmarkWarp } from './landmark-warp.ts';
import { convexHull, cross, polygonArea } from './polygon.ts';
import { remap } from './remap.ts';
import { canonicalFace, piecewiseAffine, triangles, triangulatedOutline } from './triangulation.ts';

describe('the triangulation of the 68 points', () => {
  it('covers the mean face’s hull without overlap: the areas add up', () => {
    const areas = triangles.map(
      ([i, j, k]) => cross(canonicalFace[i], canonicalFace[j], canonicalFace[k]) / 2,
    );
    expect(Math.min(...areas)).toBeGreaterThan(0);
    const total = areas.reduce((sum, area) => sum + area, 0);
    expect(total).toBeCloseTo(polygonArea(convexHull(canonicalFace)), 9);
    expect(total).toBeCloseTo(polygonArea(triangulatedOutline.map((index) => canonicalFace[index])), 9);
    expect(new Set(triangles.flat()).size).toBe(68);
  });

  it('is Delaunay: no point lies inside a circumcircle', () => {
    for (const [i, j, k] of triangles) {
      const [a, b, c] = [canonicalFace[i], canonicalFace[j], canonicalFace[k]];
      const worst = canonicalFace.map((p, n) => {
        if (n === i || n === j || n === k) return 0;
        const rows = [a, b, c].map(({ x, y }) => [x - p.x, y - p.y, (x - p.x) ** 2 + (y - p.y) ** 2]);
        const [[a0, a1, a2], [b0, b1, b2], [c0, c1, c2]] = rows;
        const inside = a0 * (b1 * c2 - b2 * c1) - a1 * (b0 * c2 - b2 * c0) + a2 * (b0 * c1 - b1 * c0);
        return inside;
      });
      // Four points on one circle come within the printed thousandths.
      expect(Math.max(...worst)).toBeLessThan(1e-4);
    }
  });
});

describe('piecewiseAffine', () => {
  const { picture, points } = drawnFace(2);

  it('is the identity for identical points', () => {
    const map = piecewiseAffine(points, points, picture);
    const { box } = map;
    expect(box.width * box.height).toBeGreaterThan(10_000);
    const out = remap(picture, map, picture.width, picture.height);
    for (let y = box.y; y < box.y + box.height; y++) {
      const row = (y * picture.width + box.x) * 3;
      expect(out.data.subarray(row, row + box.width * 3)).toEqual(
        picture.data.subarray(row, row + box.width * 3),
      );
    }
  });

  it('takes the pixel under a landmark to the same landmark of the other face', () => {
    const other = drawnFace(3).points.map(({ x, y }) => ({ x: 1.1 * x + 4, y: 0.95 * y - 3 }));
    const map = piecewiseAffine(points, other, picture);
    for (const index of [30, 33, 37, 46, 48, 54, 62]) {
      const [x, y] = [Math.floor(points[index].x), Math.floor(points[index].y)];
      const at = (y - map.box.y) * map.box.width + x - map.box.x;
      expect(Math.hypot(map.x[at] - other[index].x, map.y[at] - other[index].y)).toBeLessThan(1.5);
    }
  });
});

describe('landmark warps', () => {
  const { picture, points } = drawnFace(4);

  it('brings moved landmarks where they shall go, and nothing else far away', () => {
    const to = points.map((point, i) => (i === 57 ? { x: point.x + 1, y: point.y + 6 } : point));
    const box = { x: 0, y: 0, width: picture.width, height: picture.height };
    const { map, moved } = landmarkWarp(to, points, 45, box);
    const at = (x: number, y: number) => Math.floor(y) * box.width + Math.floor(x);
    const chin = at(to[57].x, to[57].y);
    // The pixel at the new place shows the old one.
    expect(map.y[chin] - (Math.floor(to[57].y) + 0.5)).toBeCloseTo(-6, 0);
    expect(moved[at(points[37].x, points[37].y)]).toBeLessThan(0.3);
    expect(moved[at(5, 5)]).toBe(0);
  });

  it('moves nothing for a face at rest, and nothing outside the head for any expression', () => {
    expect(Math.max(...warpFace(points, points, 45, picture).moved)).toBe(0);
    for (let seed = 0; seed < 10; seed++) {
      const { points: to } = drawExpression(points, faceAxes(points), new Random(seed), false);
      const { map, moved } = warpFace(to, points, 45, picture);
      expect(Math.max(...moved)).toBeGreaterThan(0.8);
      const { box } = map;
      const rim = moved.filter(
        (_, i) => i < box.width || i % box.width === 0 || i % box.width === box.width - 1,
      );
      expect(Math.max(...rim)).toBeLessThan(0.01);
    }
  });
});
