/** Elastic deformation of masks (Simard et al. 2003): white noise, smoothed, as displacements. */
import type { Random } from '../../base/random.ts';
import type { Cells, MaskGrid } from './mask-grid.ts';

export interface ElasticOptions {
  /** Factor on the smoothed noise; SBI: 50, which with σ = 7 moves cells by 1.2 on average. */
  alpha: number;
  /** Standard deviation of the smoothing, in cells; SBI: 7. */
  sigma: number;
}

/** Displacements on knots every `step` cells; between them they are linear. */
export interface ElasticField {
  step: number;
  columns: number;
  rows: number;
  dx: Float32Array;
  dy: Float32Array;
}

/**
 * Noise uniform in [-1, 1], blurred with σ, times α. Blurred noise holds nothing finer than σ, so it is made on knots
 * of half a σ and divided by the knots' distance s: blurring white noise of variance v leaves v / (4 π σ²), on the
 * knots v s² / (4 π σ²).
 */
export function elasticField(
  grid: Pick<MaskGrid, 'columns' | 'rows'>,
  { alpha, sigma }: ElasticOptions,
  random: Random,
): ElasticField {
  const step = Math.max(1, Math.round(sigma / 2));
  const columns = Math.ceil(grid.columns / step) + 2;
  const rows = Math.ceil(grid.rows / step) + 2;
  const scaled = sigma / step;
  const radius = Math.ceil(3 * scaled);
  const make = () => smoothNoise(columns, rows, scaled, radius, alpha / step, random);
  return { step, columns, rows, dx: make(), dy: make() };
}

function smoothNoise(
  columns: number,
  rows: number,
  sigma: number,
  radius: number,
  scale: number,
  random: Random,
): Float32Array {
  const wide = columns + 2 * radius;
  const high = rows + 2 * radius;
  const noise = new Float32Array(wide * high);
  for (let i = 0; i < noise.length; i++) noise[i] = 2 * random.next() - 1;
  const kernel = Float64Array.from({ length: 2 * radius + 1 }, (_, k) =>
    Math.exp(-((k - radius) ** 2) / (2 * sigma * sigma)),
  );
  const sum = kernel.reduce((total, weight) => total + weight, 0);
  const across = new Float32Array(columns * high);
  for (let y = 0; y < high; y++) {
    for (let x = 0; x < columns; x++) {
      let value = 0;
      for (let k = 0; k < kernel.length; k++) value += kernel[k] * noise[y * wide + x + k];
      across[y * columns + x] = value / sum;
    }
  }
  const out = new Float32Array(columns * rows);
  for (let y = 0; y < rows; y++) {
    for (let x = 0; x < columns; x++) {
      let value = 0;
      for (let k = 0; k < kernel.length; k++) value += kernel[k] * across[(y + k) * columns + x];
      out[y * columns + x] = (value / sum) * scale;
    }
  }
  return out;
}

/** Cell (x, y) becomes what lay at (x + dx, y + dy), bilinear; 0 comes in from outside. */
export function deform({ columns, rows }: MaskGrid, cells: Cells, field: ElasticField): Cells {
  const { step, columns: knots, dx, dy } = field;
  const out = new Float32Array(cells.length);
  const rowX = new Float32Array(knots);
  const rowY = new Float32Array(knots);
  for (let y = 0; y < rows; y++) {
    const v = y / step;
    const knotRow = Math.floor(v);
    const shareY = v - knotRow;
    for (let k = 0, i = knotRow * knots; k < knots; k++, i++) {
      rowX[k] = dx[i] + shareY * (dx[i + knots] - dx[i]);
      rowY[k] = dy[i] + shareY * (dy[i + knots] - dy[i]);
    }
    for (let x = 0; x < columns; x++) {
      const u = x / step;
      const knot = Math.floor(u);
      const shareX = u - knot;
      const fromX = x + rowX[knot] + shareX * (rowX[knot + 1] - rowX[knot]);
      const fromY = y + rowY[knot] + shareX * (rowY[knot + 1] - rowY[knot]);
      const x0 = Math.floor(fromX);
      const y0 = Math.floor(fromY);
      if (x0 < 0 || y0 < 0 || x0 >= columns - 1 || y0 >= rows - 1) continue;
      const i = y0 * columns + x0;
      const fx = fromX - x0;
      const upper = cells[i] + fx * (cells[i + 1] - cells[i]);
      const lower = cells[i + columns] + fx * (cells[i + columns + 1] - cells[i + columns]);
      out[y * columns + x] = upper + (fromY - y0) * (lower - upper);
    }
  }
  return out;
}
