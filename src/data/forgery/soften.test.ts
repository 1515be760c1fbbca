import { describe, expect, it } from 'vitest';
import { Random } from '../../base/random.ts';
import { drawnFace } from './cases/drawn-face.ts';
import { deform, elasticField } from './elastic.ts';
import { around, drawPolygons, gridOver, toMask } from './mask-grid.ts';
import { close, featherBy, shrinkBy, softenTwice, widenBy } from './soften.ts';

const grid = { columns: 60, rows: 50, left: 0, top: 0, cellWidth: 1, cellHeight: 1 };
const square = (left: number, top: number, side: number) => {
  const cells = new Float32Array(60 * 50);
  for (let y = top; y < top + side; y++) cells.fill(1, y * 60 + left, y * 60 + left + side);
  return cells;
};

describe('softening', () => {
  it('shrinks and widens by exactly the radius', () => {
    expect(shrinkBy(grid, square(10, 10, 21), 4)).toEqual(square(14, 14, 13));
    expect(widenBy(grid, square(14, 14, 13), 4)).toEqual(square(10, 10, 21));
    expect(shrinkBy(grid, square(10, 10, 21), 0)).toEqual(square(10, 10, 21));
  });

  it('shrinks a thin shape by less rather than losing it', () => {
    expect(shrinkBy(grid, square(10, 10, 5), 12)).toEqual(square(11, 11, 3));
    const faint = square(10, 10, 5).map((value) => value / 2);
    expect(shrinkBy(grid, faint, 3)).toEqual(faint);
  });

  it('is what two blurs with a zeroing between them give (field.md §4.6)', () => {
    const cells = drawPolygons(grid, [
      [
        { x: 12, y: 9 },
        { x: 45, y: 14 },
        { x: 40, y: 40 },
        { x: 15, y: 38 },
      ],
    ]);
    // A wide kernel: each of its 81 weights counts for more than the tolerance.
    const full = shrinkBy(grid, cells, 0);
    const blurred = featherBy(grid, full, 4, 20);
    const kept = blurred.map((value) => (value >= 0.999 ? 1 : 0));
    expect(shrinkBy(grid, cells, 4)).toEqual(kept);
  });

  it('a feather is a symmetric ramp from 1 to 0 that ends at its radius', () => {
    const soft = featherBy(grid, square(20, 15, 20), 5, 3);
    const row = [...soft.subarray(25 * 60, 26 * 60)];
    expect(row.slice(0, 15).every((value) => value === 0)).toBe(true);
    expect(row[30]).toBeCloseTo(1, 5);
    for (let x = 15; x < 29; x++) expect(row[x + 1]).toBeGreaterThanOrEqual(row[x] - 1e-6);
    for (let x = 0; x < 60; x++) expect(row[x]).toBeCloseTo(row[59 - x], 5);
    // The middle of the ramp stays where the edge was.
    expect((row[19] + row[20]) / 2).toBeCloseTo(0.5, 5);
  });

  it('ends between 0 and 1 with a full centre, from any draw', () => {
    for (let seed = 0; seed < 20; seed++) {
      const { cells } = softenTwice(grid, square(12, 12, 28), new Random(seed));
      expect(Math.max(...cells)).toBeCloseTo(1, 6);
      expect(Math.min(...cells)).toBe(0);
    }
  });

  it('closing fills gaps up to its window, keeps wider ones, and moves no edge', () => {
    const data = new Uint8Array(40).fill(200, 5, 15).fill(200, 20, 35);
    const line = { width: 40, height: 1, data };
    expect([...close(line, 1).data]).toEqual([...data]);
    expect([...close(line, 3).data]).toEqual([...new Uint8Array(40).fill(200, 5, 35)]);
  });
});

describe('elastic deformation', () => {
  const options = { alpha: 50, sigma: 7 };

  it('is the same for a seed, another for another', () => {
    const make = (seed: number) => elasticField(grid, options, new Random(seed));
    expect(make(1)).toEqual(make(1));
    expect(make(1).dx).not.toEqual(make(2).dx);
    expect(make(1).dx).not.toEqual(make(1).dy);
  });

  it('moves as far as blurred noise does: α √(1/3) / (2 σ √π)', () => {
    const { dx } = elasticField({ columns: 2000, rows: 2000 }, options, new Random(3));
    const deviation = Math.sqrt(dx.reduce((sum, value) => sum + value * value, 0) / dx.length);
    const expected = (50 * Math.sqrt(1 / 3)) / (2 * 7 * Math.sqrt(Math.PI));
    expect(deviation / expected).toBeGreaterThan(0.95);
    expect(deviation / expected).toBeLessThan(1.05);
  });

  it('leaves cells alone where nothing is displaced', () => {
    const field = elasticField(grid, { alpha: 0, sigma: 7 }, new Random(1));
    expect(deform(grid, square(10, 10, 20), field)).toEqual(square(10, 10, 20));
  });
});

describe('mask grids', () => {
  it('put a shape where it was drawn, whatever the number of cells', () => {
    const { picture, points } = drawnFace(5);
    const box = [
      { x: 70.5, y: 80.25 },
      { x: 150.5, y: 80.25 },
      { x: 150.5, y: 180.25 },
      { x: 70.5, y: 180.25 },
    ];
    for (const cells of [192, 256]) {
      const whole = gridOver(points, cells, cells);
      const part = around(whole, [box]);
      for (const grid of [whole, part]) {
        const mask = toMask(grid, drawPolygons(grid, [box]), picture.width, picture.height);
        const total = mask.data.reduce((sum, value) => sum + value, 0) / 255;
        expect(total / 8000).toBeCloseTo(1, 2);
        expect(mask.data[130 * picture.width + 110]).toBe(255);
        expect(mask.data[130 * picture.width + 68]).toBe(0);
        expect(mask.data[77 * picture.width + 110]).toBe(0);
      }
    }
  });
});
