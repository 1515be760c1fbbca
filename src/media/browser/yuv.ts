/**
 * Y'CbCr planes to RGB as FFmpeg's scaler does it for Node (`media/rgb.ts`): the same matrix, range, chroma place and
 * kernel, so that a detector sees the same pixels. The canvas of a browser converts otherwise, and each in its own way.
 */
import type { Picture } from '../types.ts';

/** One plane of a decoded frame. */
export interface Plane {
  data: Uint8Array | Uint16Array;
  /** Values from one row to the next, and from one sample to the next (2 where Cb and Cr alternate). */
  stride: number;
  step: number;
}

export interface YuvFrame {
  /** Of the luma plane, in pixels. */
  width: number;
  height: number;
  y: Plane;
  u: Plane;
  v: Plane;
  /** Luma samples a chroma sample across and down: 1 or 2. */
  acrossChroma: number;
  downChroma: number;
  /**
   * Where a halved chroma sample lies across: on the left one of its two luma samples, or between them. (Down, it always
   * lies between.)
   */
  chromaPlace: 'left' | 'between';
  /** Bits of a sample: 8, 10 or 12. */
  bits: number;
  /** Weights of red and blue in luma: Kr and Kb of the matrix. */
  matrix: Matrix;
  /** True for samples from 0 to 255 (JPEG range), false for 16 to 235. */
  fullRange: boolean;
}

export interface Matrix {
  kr: number;
  kb: number;
}

/** By the names of WebCodecs (ITU-T H.273 §8.3); FFmpeg takes 601 for what it does not know. */
export const matrices: Readonly<Record<string, Matrix>> = {
  bt709: { kr: 0.2126, kb: 0.0722 },
  bt470bg: { kr: 0.299, kb: 0.114 },
  smpte170m: { kr: 0.299, kb: 0.114 },
  'bt2020-ncl': { kr: 0.2627, kb: 0.0593 },
};

/** Unlabelled video: HD is BT.709 and smaller is BT.601, as players assume and as `media/rgb.ts` does. */
export function guessMatrix(width: number, height: number): Matrix {
  return width >= 1280 || height > 576 ? matrices.bt709 : matrices.bt470bg;
}

/** Cubic convolution with a = -0.6, swscale's "bicubic", in 4096ths: whole numbers take a quarter less time than floats. */
function cubic(distance: number): number {
  const x = Math.abs(distance);
  const weight = x < 1 ? (1.4 * x - 2.4) * x * x + 1 : x < 2 ? -0.6 * (((x - 5) * x + 8) * x - 4) : 0;
  return Math.round(4096 * weight);
}

/** Taps half a chroma sample away, where every other luma sample lies between two chroma samples. */
const [near, far] = [cubic(0.5), cubic(1.5)];
/** Taps where chroma samples lie between luma samples, a quarter of a chroma sample from each. */
const quarter = [-1.75, -0.75, 0.25, 1.25].map(cubic);

/** A fresh 8-bit RGB picture of the frame. */
export function yuvToRgb(frame: YuvFrame): Picture {
  const { width, height, bits, matrix, fullRange } = frame;
  const { data, stride, step } = frame.y;
  const out = new Uint8ClampedArray(width * height * 3);
  const unit = 2 ** (bits - 8);
  const black = fullRange ? 0 : 16 * unit;
  const chromaGain = 255 / ((fullRange ? 255 : 224) * unit);
  const { kr, kb } = matrix;
  const kg = 1 - kr - kb;
  // Sums are kept in 2^-20: chroma comes in 2^-6, its factors are in 2^-14.
  const factor = (value: number) => Math.round(value * chromaGain * 2 ** 14);
  const gain = Math.round((255 / ((fullRange ? 255 : 219) * unit)) * 2 ** 20);
  const redOfV = factor(2 * (1 - kr));
  const blueOfU = factor(2 * (1 - kb));
  const greenOfU = factor((-2 * (1 - kb) * kb) / kg);
  const greenOfV = factor((-2 * (1 - kr) * kr) / kg);
  const half = 2 ** 19;
  const chroma = new ChromaRows(frame);
  const { u, v } = chroma;
  let to = 0;
  for (let row = 0; row < height; row++) {
    chroma.load(row);
    let from = row * stride;
    for (let x = 0; x < width; x++, from += step, to += 3) {
      const grey = Math.imul(data[from] - black, gain) + half;
      const cb = u[x];
      const cr = v[x];
      out[to] = (grey + Math.imul(redOfV, cr)) >> 20;
      out[to + 1] = (grey + Math.imul(greenOfU, cb) + Math.imul(greenOfV, cr)) >> 20;
      out[to + 2] = (grey + Math.imul(blueOfU, cb)) >> 20;
    }
  }
  return { width, height, data: new Uint8Array(out.buffer) };
}

/** Samples that are repeated at either end of a row of chroma, so that no tap has to be tested. */
const before = 2;

/** The chroma of one luma row, a value for each luma sample: zero-centred, in 64ths. */
class ChromaRows {
  readonly u: Int32Array;
  readonly v: Int32Array;
  readonly #frame: YuvFrame;
  /** One row as it is stored across, with its ends repeated. */
  readonly #stored: Int32Array;
  readonly #width: number;
  readonly #height: number;

  constructor(frame: YuvFrame) {
    this.#frame = frame;
    this.#width = Math.ceil(frame.width / frame.acrossChroma);
    this.#height = Math.ceil(frame.height / frame.downChroma);
    this.u = new Int32Array(frame.width + 1);
    this.v = new Int32Array(frame.width + 1);
    this.#stored = new Int32Array(this.#width + 2 * before);
  }

  load(row: number): void {
    const { u, v, acrossChroma, chromaPlace } = this.#frame;
    const spread = acrossChroma === 1 ? spreadNone : chromaPlace === 'left' ? spreadLeft : spreadBetween;
    this.#blendRows(u, row);
    spread(this.#stored, this.#width, this.u);
    this.#blendRows(v, row);
    spread(this.#stored, this.#width, this.v);
  }

  #blendRows({ data, stride, step }: Plane, row: number): void {
    const stored = this.#stored;
    const end = before + this.#width;
    const zero = 2 ** (this.#frame.bits - 1) * 64;
    if (this.#frame.downChroma === 1) {
      for (let x = before, at = row * stride; x < end; x++, at += step) stored[x] = data[at] * 64 - zero;
    } else {
      const odd = row & 1;
      const first = (row >> 1) + odd - 2;
      let a = this.#clamp(first) * stride;
      let b = this.#clamp(first + 1) * stride;
      let c = this.#clamp(first + 2) * stride;
      let d = this.#clamp(first + 3) * stride;
      const [p, q, r, s] = odd ? quarter.toReversed() : quarter;
      for (let x = before; x < end; x++, a += step, b += step, c += step, d += step) {
        stored[x] = ((p * data[a] + q * data[b] + r * data[c] + s * data[d] + 32) >> 6) - zero;
      }
    }
    stored.fill(stored[before], 0, before);
    stored.fill(stored[end - 1], end);
  }

  #clamp(row: number): number {
    return Math.max(0, Math.min(this.#height - 1, row));
  }
}

function spreadNone(stored: Int32Array, width: number, into: Int32Array): void {
  for (let i = 0; i < width; i++) into[i] = stored[i + before];
}

/** Chroma samples lie on the even luma samples. */
function spreadLeft(stored: Int32Array, width: number, into: Int32Array): void {
  for (let i = before, x = 0; i < width + before; i++, x += 2) {
    into[x] = stored[i];
    into[x + 1] = (near * (stored[i] + stored[i + 1]) + far * (stored[i - 1] + stored[i + 2]) + 2048) >> 12;
  }
}

function spreadBetween(stored: Int32Array, width: number, into: Int32Array): void {
  const [p, q, r, s] = quarter;
  for (let i = before, x = 0; i < width + before; i++, x += 2) {
    const [a, b, c, d, e] = [stored[i - 2], stored[i - 1], stored[i], stored[i + 1], stored[i + 2]];
    into[x] = (p * a + q * b + r * c + s * d + 2048) >> 12;
    into[x + 1] = (s * b + r * c + q * d + p * e + 2048) >> 12;
  }
}
