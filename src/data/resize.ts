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
  const rows = new Float32Array(fromHeight * width * channels);
  for (let y = 0; y < fromHeight; y++) {
    for (let x = 0; x < width; x++) {
      const start = across.first[x];
      const count = across.count[x];
      const at = x * across.stride;
      for (let c = 0; c < channels; c++) {
        let sum = 0;
        let source = (y * fromWidth + start) * channels + c;
        for (let k = 0; k < count; k++, source += channels) sum += across.weights[at + k] * data[source];
        rows[(y * width + x) * channels + c] = sum;
      }
    }
  }
  const out = new Uint8ClampedArray(width * height * channels);
  const line = width * channels;
  const sums = new Float32Array(line);
  for (let y = 0; y < height; y++) {
    sums.fill(0);
    for (let k = 0; k < down.count[y]; k++) {
      const weight = down.weights[y * down.stride + k];
      const source = (down.first[y] + k) * line;
      for (let i = 0; i < line; i++) sums[i] += weight * rows[source + i];
    }
    out.set(sums, y * line);
  }
  return { width, height, data: new Uint8Array(out.buffer) };
}
