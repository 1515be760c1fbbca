/** Resizing 8-bit pictures without aliasing: the triangle filter, widened where the picture shrinks. */
import type { Picture } from '../media/types.ts';

interface Taps {
  /** First source index and weights of every output index; weights add up to 1. */
  first: Int32Array;
  count: Int32Array;
  weights: Float32Array;
  stride: number;
}

/** Pixel centres at half integers; support 1 when growing, source / target when shrinking (as PIL's BILINEAR). */
function taps(from: number, to: number): Taps {
  const scale = from / to;
  const support = Math.max(1, scale);
  const stride = Math.ceil(support) * 2 + 1;
  const [first, count] = [new Int32Array(to), new Int32Array(to)];
  const weights = new Float32Array(to * stride);
  for (let i = 0; i < to; i++) {
    const centre = (i + 0.5) * scale;
    const low = Math.max(0, Math.floor(centre - support + 0.5));
    const high = Math.min(from, Math.floor(centre + support + 0.5));
    let sum = 0;
    for (let k = low; k < high; k++) {
      const weight = Math.max(0, 1 - Math.abs(k + 0.5 - centre) / support);
      weights[i * stride + k - low] = weight;
      sum += weight;
    }
    for (let k = 0; k < high - low; k++) weights[i * stride + k] /= sum;
    first[i] = low;
    count[i] = high - low;
  }
  return { first, count, weights, stride };
}

/** Resizes a picture of `channels` interleaved bytes a pixel; the same object where the size is the same. */
export function resize(picture: Picture, width: number, height: number, channels = 3): Picture {
  const { width: fromWidth, height: fromHeight, data } = picture;
  if (fromWidth === width && fromHeight === height) return picture;
  const [across, down] = [taps(fromWidth, width), taps(fromHeight, height)];
  const out = new Uint8Array(width * height * channels);
  // Rows first: they lie side by side in memory, and less is left to do across.
  const row = new Float32Array(fromWidth * channels);
  for (let y = 0; y < height; y++) {
    sumRows(data, row, down, y);
    const line = y * width * channels;
    if (channels === 3) across3(row, across, out, line, width);
    else acrossEach(row, across, out, line, width, channels);
  }
  return { width, height, data: out };
}

/**
 * The weighted sum of the source rows behind one output row, four at a time: one pass over `row` in place of four,
 * which takes a third of the time.
 */
function sumRows(data: Uint8Array, row: Float32Array, { first, count, weights, stride }: Taps, y: number) {
  const line = row.length;
  for (let k = 0; k < count[y]; k += 4) {
    const left = count[y] - k;
    const at = y * stride + k;
    const a = weights[at];
    const b = left > 1 ? weights[at + 1] : 0;
    const c = left > 2 ? weights[at + 2] : 0;
    const d = left > 3 ? weights[at + 3] : 0;
    const p = (first[y] + k) * line;
    // Rows that do not exist weigh nothing; the first one stands for them.
    const q = left > 1 ? p + line : p;
    const r = left > 2 ? q + line : p;
    const s = left > 3 ? r + line : p;
    if (k === 0) {
      for (let i = 0; i < line; i++)
        row[i] = a * data[p + i] + b * data[q + i] + c * data[r + i] + d * data[s + i];
    } else {
      for (let i = 0; i < line; i++)
        row[i] += a * data[p + i] + b * data[q + i] + c * data[r + i] + d * data[s + i];
    }
  }
}

/** Three sums at once: half the time of a loop over channels. Weights are positive and add up to 1: no clamping. */
function across3(
  row: Float32Array,
  { first, count, weights, stride }: Taps,
  out: Uint8Array,
  line: number,
  width: number,
): void {
  for (let x = 0, at = line; x < width; x++, at += 3) {
    let r = 0.5;
    let g = 0.5;
    let b = 0.5;
    let source = first[x] * 3;
    const start = x * stride;
    const end = start + count[x];
    for (let k = start; k < end; k++, source += 3) {
      const weight = weights[k];
      r += weight * row[source];
      g += weight * row[source + 1];
      b += weight * row[source + 2];
    }
    out[at] = r | 0;
    out[at + 1] = g | 0;
    out[at + 2] = b | 0;
  }
}

function acrossEach(
  row: Float32Array,
  { first, count, weights, stride }: Taps,
  out: Uint8Array,
  line: number,
  width: number,
  channels: number,
): void {
  for (let x = 0; x < width; x++) {
    for (let c = 0; c < channels; c++) {
      let sum = 0.5;
      let source = first[x] * channels + c;
      const start = x * stride;
      for (let k = start; k < start + count[x]; k++, source += channels) sum += weights[k] * row[source];
      out[line + x * channels + c] = sum | 0;
    }
  }
}
