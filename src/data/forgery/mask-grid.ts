/**
 * The grid on which masks are drawn, deformed and softened: its cells are shares of a face's loose box, whatever the
 * picture. So feathers and misalignments are shares of the face and cost the same on a crop and on a full frame.
 */
import { boundsOf, type Point } from '../../base/geometry.ts';
import type { Random } from '../../base/random.ts';
import type { Affine } from '../../faces/warp.ts';
import type { Mask } from '../../media/image.ts';
import { looseBox } from './face-points.ts';
import { fillPolygon } from './polygon.ts';

export interface MaskGrid {
  columns: number;
  rows: number;
  /** Picture pixels: corner of the first cell and size of a cell. */
  left: number;
  top: number;
  cellWidth: number;
  cellHeight: number;
}

/** Values of a grid's cells, 0 to 1, row by row. */
export type Cells = Float32Array;

/** SBI's softening works on 192 to 256 cells a side, drawn apart (field.md §4.6). */
export function drawGrid(points: readonly Point[], random: Random): MaskGrid {
  const [columns, rows] = [random.integer(192, 256), random.integer(192, 256)];
  return gridOver(points, columns, rows);
}

export function gridOver(points: readonly Point[], columns: number, rows: number): MaskGrid {
  const { x, y, width, height } = looseBox(points);
  return { columns, rows, left: x, top: y, cellWidth: width / columns, cellHeight: height / rows };
}

/** Cells around a shape that bending, widening and feathering may reach: 9 + 2 + 12, and one. */
const reach = 24;

/** The part of the grid that holds the polygons and what may grow around them: work elsewhere would move zeros. */
export function around(grid: MaskGrid, polygons: readonly (readonly Point[])[]): MaskGrid {
  const { left, top, cellWidth, cellHeight } = grid;
  const { x, y, width, height } = boundsOf(polygons.flat());
  const first = Math.floor((x - left) / cellWidth) - reach;
  const above = Math.floor((y - top) / cellHeight) - reach;
  return {
    ...grid,
    columns: Math.ceil((x + width - left) / cellWidth) + reach - first,
    rows: Math.ceil((y + height - top) / cellHeight) + reach - above,
    left: left + first * cellWidth,
    top: top + above * cellHeight,
  };
}

/** Draws polygons, given in picture pixels, as one shape: where several overlap, the most coverage counts. */
export function drawPolygons(grid: MaskGrid, polygons: readonly (readonly Point[])[]): Cells {
  const { columns, rows, left, top, cellWidth, cellHeight } = grid;
  let out: Cells | undefined;
  for (const polygon of polygons) {
    const inCells = polygon.map(({ x, y }) => ({ x: (x - left) / cellWidth, y: (y - top) / cellHeight }));
    const drawn = fillPolygon(inCells, columns, rows);
    if (!out) out = drawn;
    else for (let i = 0; i < out.length; i++) if (drawn[i] > out[i]) out[i] = drawn[i];
  }
  return out ?? new Float32Array(columns * rows);
}

/** Empties the cells whose place in another picture (`matrix`: this picture → that one) lies outside of it. */
export function keepInside(
  grid: MaskGrid,
  cells: Cells,
  matrix: Affine,
  size: { width: number; height: number },
): void {
  const [a, b, c, d, e, f] = matrix;
  for (let row = 0, i = 0; row < grid.rows; row++) {
    const y = grid.top + (row + 0.5) * grid.cellHeight;
    for (let column = 0; column < grid.columns; column++, i++) {
      if (cells[i] === 0) continue;
      const x = grid.left + (column + 0.5) * grid.cellWidth;
      const u = a * x + b * y + c;
      const v = d * x + e * y + f;
      if (u < 0 || v < 0 || u > size.width || v > size.height) cells[i] = 0;
    }
  }
}

/** The cells as a mask of the picture, bilinear between cell centres, 0 outside the grid. */
export function toMask(grid: MaskGrid, cells: Cells, width: number, height: number): Mask {
  const { columns, rows, left, top, cellWidth, cellHeight } = grid;
  const data = new Uint8Array(width * height);
  const clampedTo = (value: number, high: number) => Math.min(high, Math.max(0, value));
  const startX = clampedTo(Math.ceil(left + cellWidth / 2 - 0.5), width);
  const endX = clampedTo(Math.floor(left + (columns - 0.5) * cellWidth - 0.5) + 1, width);
  const startY = clampedTo(Math.ceil(top + cellHeight / 2 - 0.5), height);
  const endY = clampedTo(Math.floor(top + (rows - 0.5) * cellHeight - 0.5) + 1, height);
  const firsts = new Int32Array(width);
  const shares = new Float32Array(width);
  for (let x = startX; x < endX; x++) {
    const u = clampedTo((x + 0.5 - left) / cellWidth - 0.5, columns - 1);
    firsts[x] = Math.min(columns - 2, Math.floor(u));
    shares[x] = u - firsts[x];
  }
  for (let y = startY; y < endY; y++) {
    const v = clampedTo((y + 0.5 - top) / cellHeight - 0.5, rows - 1);
    const row = Math.min(rows - 2, Math.floor(v));
    const share = v - row;
    const line = row * columns;
    for (let x = startX; x < endX; x++) {
      const i = line + firsts[x];
      const upper = cells[i] + shares[x] * (cells[i + 1] - cells[i]);
      const j = i + columns;
      const lower = cells[j] + shares[x] * (cells[j + 1] - cells[j]);
      data[y * width + x] = (upper + share * (lower - upper)) * 255 + 0.5;
    }
  }
  return { width, height, data };
}
