/** Smooth local warps that move landmarks: radial basis functions of compact support. */
import type { Box, Point } from '../../base/geometry.ts';
import { type SampleMap, stillMap } from './triangulation.ts';

/**
 * Wendland's φ(r) = (1 - r)⁴ (4 r + 1) for r < 1, else 0 (Wendland 1995): positive definite in the plane, twice
 * differentiable, and exactly 0 from r = 1 on, so a warp of the mouth leaves the hair untouched.
 */
function wendland(r: number): number {
  if (r >= 1) return 0;
  const rest = 1 - r;
  return rest * rest * rest * rest * (4 * r + 1);
}

/** Added to the diagonal: hand-set points may coincide. It leaves about a thousandth of a move undone. */
const ridge = 1e-3;

/** Distance of the knots on which the field is evaluated, as a share of the support: it is smooth at that scale. */
const knotShare = 1 / 12;

/**
 * The map that shows at each point of `to` what lies at the same one of `from`, and is smooth between. Points where
 * both agree are held. Farther than `support` pixels from all moved points nothing moves (but for held neighbours'
 * counterweights, a few hundredths of a move).
 */
export function landmarkWarp(
  to: readonly Point[],
  from: readonly Point[],
  support: number,
  box: Box,
): { map: SampleMap; moved: Float32Array } {
  const n = to.length;
  const matrix = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) {
      matrix[i * n + j] =
        wendland(Math.hypot(to[i].x - to[j].x, to[i].y - to[j].y) / support) + (i === j ? ridge : 0);
    }
  }
  const factor = cholesky(matrix, n);
  const weightsX = solve(
    factor,
    n,
    Float64Array.from(to, (p, i) => from[i].x - p.x),
  );
  const weightsY = solve(
    factor,
    n,
    Float64Array.from(to, (p, i) => from[i].y - p.y),
  );

  const step = Math.max(2, Math.floor(support * knotShare));
  const columns = Math.ceil(box.width / step) + 2;
  const rows = Math.ceil(box.height / step) + 2;
  const dx = new Float32Array(columns * rows);
  const dy = new Float32Array(columns * rows);
  for (let row = 0, i = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++, i++) {
      const [x, y] = [box.x + 0.5 + column * step, box.y + 0.5 + row * step];
      let [sumX, sumY] = [0, 0];
      for (let k = 0; k < n; k++) {
        const [u, v] = [x - to[k].x, y - to[k].y];
        const squared = u * u + v * v;
        if (squared >= support * support) continue;
        const phi = wendland(Math.sqrt(squared) / support);
        sumX += weightsX[k] * phi;
        sumY += weightsY[k] * phi;
      }
      dx[i] = sumX;
      dy[i] = sumY;
    }
  }
  const map = stillMap(box);
  const moved = new Float32Array(map.x.length);
  for (let row = 0, i = 0; row < box.height; row++) {
    const knotRow = Math.floor(row / step);
    const shareY = row / step - knotRow;
    for (let column = 0; column < box.width; column++, i++) {
      const knot = Math.floor(column / step);
      const shareX = column / step - knot;
      const at = knotRow * columns + knot;
      const x = mix(dx, at, columns, shareX, shareY);
      const y = mix(dy, at, columns, shareX, shareY);
      map.x[i] += x;
      map.y[i] += y;
      moved[i] = Math.sqrt(x * x + y * y);
    }
  }
  return { map, moved };
}

function mix(values: Float32Array, at: number, stride: number, shareX: number, shareY: number): number {
  const upper = values[at] + shareX * (values[at + 1] - values[at]);
  const lower = values[at + stride] + shareX * (values[at + stride + 1] - values[at + stride]);
  return upper + shareY * (lower - upper);
}

/** L of A = L Lᵀ, row by row. */
function cholesky(matrix: Float64Array, n: number): Float64Array {
  const lower = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = matrix[i * n + j];
      for (let k = 0; k < j; k++) sum -= lower[i * n + k] * lower[j * n + k];
      lower[i * n + j] = i === j ? Math.sqrt(Math.max(sum, 1e-12)) : sum / lower[j * n + j];
    }
  }
  return lower;
}

function solve(lower: Float64Array, n: number, right: Float64Array): Float64Array {
  const out = right.slice();
  for (let i = 0; i < n; i++) {
    for (let k = 0; k < i; k++) out[i] -= lower[i * n + k] * out[k];
    out[i] /= lower[i * n + i];
  }
  for (let i = n - 1; i >= 0; i--) {
    for (let k = i + 1; k < n; k++) out[i] -= lower[k * n + i] * out[k];
    out[i] /= lower[i * n + i];
  }
  return out;
}
