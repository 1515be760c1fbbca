import { describe, expect, it } from 'vitest';
import { Random } from '../../base/random.ts';
import { drawnFace } from './cases/drawn-face.ts';
import { foreheadArc, maskShapes, shapePolygons } from './masks.ts';
import { convexHull, cross, fillPolygon, polygonArea } from './polygon.ts';

const sum = (values: Float32Array) => values.reduce((total, value) => total + value, 0);

describe('fillPolygon', () => {
  it('covers as much as the shoelace formula says, for any simple polygon', () => {
    for (let seed = 0; seed < 30; seed++) {
      const random = new Random(seed, 'star');
      const corners = random.integer(3, 20);
      const star = Array.from({ length: corners }, (_, k) => {
        const angle = (2 * Math.PI * k) / corners;
        const radius = random.uniform(3, 29);
        return { x: 31.3 + radius * Math.cos(angle), y: 30.7 + radius * Math.sin(angle) };
      });
      expect(sum(fillPolygon(star, 64, 63))).toBeCloseTo(polygonArea(star), 2);
    }
  });

  it('gives each pixel its exact share, in either turning sense', () => {
    const square = [
      { x: 1.25, y: 0.5 },
      { x: 3.5, y: 0.5 },
      { x: 3.5, y: 2 },
      { x: 1.25, y: 2 },
    ];
    const expected = [0, 0.375, 0.5, 0.25, 0, 0.75, 1, 0.5];
    for (const polygon of [square, square.toReversed()]) {
      const cover = fillPolygon(polygon, 4, 3);
      expect([...cover.subarray(0, 8)]).toEqual(expected);
      expect(sum(cover.subarray(8))).toBe(0);
    }
  });

  it('cuts off what lies outside the picture', () => {
    const wide = [
      { x: -10, y: -5 },
      { x: 40, y: -5 },
      { x: 40, y: 30 },
      { x: -10, y: 30 },
    ];
    expect(fillPolygon(wide, 8, 6).every((value) => value === 1)).toBe(true);
    const left = wide.map(({ x, y }) => ({ x: x - 50, y }));
    expect(sum(fillPolygon(left, 8, 6))).toBe(0);
    const triangle = [
      { x: -4, y: 0 },
      { x: 4, y: 0 },
      { x: -4, y: 8 },
    ];
    // The part right of x = 0 is half of a square of side 4.
    expect(sum(fillPolygon(triangle, 8, 8))).toBeCloseTo(8, 4);
  });
});

describe('mask shapes', () => {
  const { points } = drawnFace(1);

  it('the hull holds every landmark and the forehead', () => {
    const all = [...points, ...foreheadArc(points, 0.4)];
    const [hull] = shapePolygons(points, 'hull', 0.4, new Random(1));
    for (const point of all) {
      const sides = hull.map((corner, i) => cross(corner, hull[(i + 1) % hull.length], point));
      expect(Math.min(...sides)).toBeGreaterThan(-1e-6);
    }
    expect(hull).toEqual(convexHull(all));
  });

  it('the forehead reaches above the brows by its share, and only where it is asked for', () => {
    const top = (forehead: number) =>
      Math.min(...shapePolygons(points, 'hull', forehead, new Random(1))[0].map(({ y }) => y));
    const brows = Math.min(...points.map(({ y }) => y));
    expect(top(0)).toBe(brows);
    expect(brows - top(0.5)).toBeGreaterThan(30);
  });

  it('every shape covers a good part of the face, none much more than face and forehead', () => {
    const whole = polygonArea(convexHull([...points, ...foreheadArc(points, 0.5)]));
    for (const shape of maskShapes) {
      for (let seed = 0; seed < 12; seed++) {
        const polygons = shapePolygons(points, shape, 0.4, new Random(seed));
        const share = polygons.reduce((total, polygon) => total + polygonArea(polygon), 0) / whole;
        expect(share, shape).toBeGreaterThan(0.15);
        expect(share, shape).toBeLessThan(1.05);
      }
    }
  });
});
