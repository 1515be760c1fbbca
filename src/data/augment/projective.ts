/**
 * Plane maps as 3x3 matrices, row by row, from OUTPUT to SOURCE: every output pixel asks where it comes from.
 * Coordinates are centred, x to the right, y down; the unit is half of the output's shorter side.
 */
import type { Point } from '../../base/geometry.ts';

export type Projective = readonly [number, number, number, number, number, number, number, number, number];

export const identityMap: Projective = [1, 0, 0, 0, 1, 0, 0, 0, 1];

/** a after b: the output point goes through b first. */
export function compose(a: Projective, b: Projective): Projective {
  const cell = (row: number, column: number) =>
    a[3 * row] * b[column] + a[3 * row + 1] * b[3 + column] + a[3 * row + 2] * b[6 + column];
  return [
    cell(0, 0),
    cell(0, 1),
    cell(0, 2),
    cell(1, 0),
    cell(1, 1),
    cell(1, 2),
    cell(2, 0),
    cell(2, 1),
    cell(2, 2),
  ];
}

export function isIdentity(map: Projective): boolean {
  return map.every((value, k) => value === identityMap[k]);
}

/** The map that takes each of four points to its counterpart; no three of them on one line. */
export function fourPoints(from: readonly Point[], to: readonly Point[]): Projective {
  // x' (g x + h y + 1) = a x + b y + c and likewise for y': eight linear equations.
  const rows = from.flatMap(({ x, y }, k) => [
    [x, y, 1, 0, 0, 0, -x * to[k].x, -y * to[k].x, to[k].x],
    [0, 0, 0, x, y, 1, -x * to[k].y, -y * to[k].y, to[k].y],
  ]);
  for (let column = 0; column < 8; column++) {
    let pivot = column;
    for (let row = column; row < 8; row++) {
      if (Math.abs(rows[row][column]) > Math.abs(rows[pivot][column])) pivot = row;
    }
    [rows[column], rows[pivot]] = [rows[pivot], rows[column]];
    for (let row = 0; row < 8; row++) {
      if (row === column) continue;
      const factor = rows[row][column] / rows[column][column];
      for (let k = column; k < 9; k++) rows[row][k] -= factor * rows[column][k];
    }
  }
  const [a, b, c, d, e, f, g, h] = rows.map((row, k) => row[8] / row[k]);
  return [a, b, c, d, e, f, g, h, 1];
}
