/** Shrinking, widening and feathering masks on their grid. */
import type { Random } from '../../base/random.ts';
import type { Mask } from '../../media/image.ts';
import type { Cells, MaskGrid } from './mask-grid.ts';

/** Cells that count as full: exact coverage sums to 1 within float32's rounding. */
const full = 0.999;

/**
 * SBI's softening (field.md §4.6): two blurs with kernels of 5 to 25 cells, between them everything that is not full
 * is zeroed. A positive kernel over values up to 1 gives 1 only where all that it sees is 1: the first blur and the
 * zeroing are together an erosion by its square, and that is how they are computed.
 */
export function softenTwice(
  grid: MaskGrid,
  cells: Cells,
  random: Random,
): { cells: Cells; shrink: number; feather: number } {
  const shrink = random.integer(2, 12);
  const feather = random.integer(2, 12);
  const sigma = random.uniform(5, 45);
  const eroded = shrinkBy(grid, cells, shrink);
  return { cells: featherBy(grid, eroded, feather, sigma), shrink, feather };
}

/** Standard deviation that goes with a kernel of 2 `radius` + 1 where none is given (OpenCV's convention). */
export function sigmaOf(radius: number): number {
  return 0.3 * (radius - 1) + 0.8;
}

/**
 * Erosion of the full cells by a square of 2 `radius` + 1 cells, to 0 or 1. A shape that is too thin for it is eroded
 * by less: a mask is never emptied.
 */
export function shrinkBy(grid: MaskGrid, cells: Cells, radius: number): Cells {
  const binary = cells.map((value) => (value >= full ? 1 : 0));
  for (let r = radius; r >= 1; r >>= 1) {
    const out = extreme(grid, binary, r, 2 * r + 1);
    if (out.includes(1)) return out;
  }
  return binary.includes(1) ? binary : cells;
}

/** Dilation of the full cells by a square of 2 `radius` + 1 cells, to 0 or 1. */
export function widenBy(grid: MaskGrid, cells: Cells, radius: number): Cells {
  const binary = cells.map((value) => (value >= full ? 1 : 0));
  return extreme(grid, binary, radius, 1);
}

/** 1 where at least `least` of the 2 r + 1 cells in the row, then in the column, are 1; the border repeats. */
function extreme({ columns, rows }: MaskGrid, binary: Cells, radius: number, least: number): Cells {
  const across = new Float32Array(binary.length);
  countAlong(binary, across, rows, columns, columns, 1, radius, least);
  const out = new Float32Array(binary.length);
  countAlong(across, out, columns, rows, 1, columns, radius, least);
  return out;
}

function countAlong(
  from: Cells,
  to: Cells,
  lines: number,
  length: number,
  lineStep: number,
  step: number,
  radius: number,
  least: number,
): void {
  const last = length - 1;
  for (let line = 0; line < lines; line++) {
    const start = line * lineStep;
    let sum = 0;
    for (let k = -radius; k <= radius; k++) sum += from[start + Math.min(last, Math.max(0, k)) * step];
    for (let i = 0; i < length; i++) {
      to[start + i * step] = sum >= least ? 1 : 0;
      const enter = i + radius + 1;
      const leave = i - radius;
      sum += from[start + Math.min(enter, last) * step] - from[start + Math.max(leave, 0) * step];
    }
  }
}

/** Blur by a Gaussian cut off at `radius` cells, then scaled so that the largest value is 1. */
export function featherBy({ columns, rows }: MaskGrid, cells: Cells, radius: number, sigma: number): Cells {
  const kernel = new Float32Array(radius + 1);
  let sum = 0;
  for (let k = 0; k <= radius; k++) {
    kernel[k] = Math.exp((-k * k) / (2 * sigma * sigma));
    sum += k === 0 ? kernel[k] : 2 * kernel[k];
  }
  for (let k = 0; k <= radius; k++) kernel[k] /= sum;
  // Only rows that hold something: a face covers a third of its loose box.
  let [first, last] = [rows, -1];
  for (let y = 0; y < rows; y++) {
    for (let x = y * columns; x < (y + 1) * columns; x++) {
      if (cells[x] === 0) continue;
      first = Math.min(first, y);
      last = y;
      break;
    }
  }
  const out = new Float32Array(cells.length);
  if (last < 0) return out;
  const across = new Float32Array(cells.length);
  const padded = new Float32Array(columns + 2 * radius);
  for (let y = first; y <= last; y++) {
    const line = y * columns;
    padded.set(cells.subarray(line, line + columns), radius);
    padded.fill(cells[line], 0, radius);
    padded.fill(cells[line + columns - 1], radius + columns);
    for (let x = 0; x < columns; x++) {
      const at = x + radius;
      let value = kernel[0] * padded[at];
      for (let k = 1; k <= radius; k++) value += kernel[k] * (padded[at - k] + padded[at + k]);
      across[line + x] = value;
    }
  }
  const total = new Float32Array(columns);
  let largest = 0;
  for (let y = Math.max(0, first - radius); y <= Math.min(rows - 1, last + radius); y++) {
    total.fill(0);
    for (let k = -radius; k <= radius; k++) {
      const row = Math.min(rows - 1, Math.max(0, y + k));
      if (row < first || row > last) continue;
      const weight = kernel[k < 0 ? -k : k];
      const line = row * columns;
      for (let x = 0; x < columns; x++) total[x] += weight * across[line + x];
    }
    const line = y * columns;
    for (let x = 0; x < columns; x++) {
      out[line + x] = total[x];
      if (total[x] > largest) largest = total[x];
    }
  }
  const scale = 1 / largest;
  for (let i = 0; i < out.length; i++) out[i] *= scale;
  return out;
}

/** Fills gaps narrower than 2 `radius` + 1 pixels: the largest value around, then the smallest of those. */
export function close({ width, height, data }: Mask, radius: number): Mask {
  let values = data;
  for (const largest of [true, false]) {
    values = extremeAlong(values, height, width, width, 1, radius, largest);
    values = extremeAlong(values, width, height, 1, width, radius, largest);
  }
  return { width, height, data: values };
}

/**
 * Largest or smallest of 2 `radius` + 1 values along each line in three comparisons a value (van Herk 1992): running
 * extremes forwards and backwards within blocks as long as the window, which touches two of them at most.
 */
function extremeAlong(
  from: Uint8Array,
  lines: number,
  length: number,
  lineStep: number,
  step: number,
  radius: number,
  largest: boolean,
): Uint8Array {
  const out = new Uint8Array(from.length);
  const window = 2 * radius + 1;
  // Minima are maxima of the complement.
  const flip = largest ? 0 : 255;
  const padded = Math.ceil((length + 2 * radius) / window) * window;
  const values = new Uint8Array(padded);
  const backwards = new Uint8Array(padded);
  for (let line = 0; line < lines; line++) {
    const start = line * lineStep;
    for (let i = 0; i < length; i++) values[i + radius] = from[start + i * step] ^ flip;
    for (let block = 0; block < padded; block += window) {
      let value = 0;
      for (let i = block + window - 1; i >= block; i--) {
        if (values[i] > value) value = values[i];
        backwards[i] = value;
      }
    }
    // Forwards on the way: `value` is the largest since the block of i + 2 radius began.
    let value = 0;
    for (let i = 0; i < padded; i++) {
      if (i % window === 0) value = 0;
      if (values[i] > value) value = values[i];
      const to = i - 2 * radius;
      if (to < 0 || to >= length) continue;
      const other = backwards[to];
      out[start + to * step] = Math.max(other, value) ^ flip;
    }
  }
  return out;
}
