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

/** Cubic convolution with a = -0.6, swscale's "bicubic". */
function cubic(distance: number): number {
  const x = Math.abs(distance);
  if (x < 1) return (1.4 * x - 2.4) * x * x + 1;
  return x < 2 ? -0.6 * (((x - 5) * x + 8) * x - 4) : 0;
}

const near = cubic(0.5);
const far = cubic(1.5);
/** Taps where chroma samples lie between luma samples, a quarter of a chroma sample from each. */
const quarter = [-1.75, -0.75, 0.25, 1.25].map(cubic);
const mirrored = quarter.toReversed();

/** A fresh 8-bit RGB picture of the frame. */
export function yuvToRgb(frame: YuvFrame): Picture {
  const { width, height, y: luma, acrossChroma, bits, matrix, fullRange } = frame;
  const out = new Uint8ClampedArray(width * height * 3);
  const unit = 2 ** (bits - 8);
  const black = fullRange ? 0 : 16 * unit;
  const gain = 255 / ((fullRange ? 255 : 219) * unit);
  const chromaGain = 255 / ((fullRange ? 255 : 224) * unit);
  const zero = 128 * unit;
  const { kr, kb } = matrix;
  const kg = 1 - kr - kb;
  const redOfV = 2 * (1 - kr) * chromaGain;
  const blueOfU = 2 * (1 - kb) * chromaGain;
  const greenOfU = (-2 * (1 - kb) * kb * chromaGain) / kg;
  const greenOfV = (-2 * (1 - kr) * kr * chromaGain) / kg;
  const rows = new ChromaRows(frame, zero);
  const { data, stride, step } = luma;
  const left = frame.chromaPlace === 'left';
  const [q0, q1, q2, q3] = quarter;
  let to = 0;
  for (let row = 0; row < height; row++) {
    rows.load(row);
    const { u, v } = rows;
    let from = row * stride;
    for (let x = 0; x < width; x++, from += step, to += 3) {
      let cb: number;
      let cr: number;
      const odd = x & 1;
      const i = (acrossChroma === 2 ? x >> 1 : x) + before;
      if (acrossChroma === 1 || (left && odd === 0)) {
        cb = u[i];
        cr = v[i];
      } else if (left) {
        cb = near * (u[i] + u[i + 1]) + far * (u[i - 1] + u[i + 2]);
        cr = near * (v[i] + v[i + 1]) + far * (v[i - 1] + v[i + 2]);
      } else if (odd === 0) {
        cb = q0 * u[i - 2] + q1 * u[i - 1] + q2 * u[i] + q3 * u[i + 1];
        cr = q0 * v[i - 2] + q1 * v[i - 1] + q2 * v[i] + q3 * v[i + 1];
      } else {
        cb = q3 * u[i - 1] + q2 * u[i] + q1 * u[i + 1] + q0 * u[i + 2];
        cr = q3 * v[i - 1] + q2 * v[i] + q1 * v[i + 1] + q0 * v[i + 2];
      }
      const grey = (data[from] - black) * gain;
      out[to] = grey + redOfV * cr;
      out[to + 1] = grey + greenOfU * cb + greenOfV * cr;
      out[to + 2] = grey + blueOfU * cb;
    }
  }
  return { width, height, data: new Uint8Array(out.buffer) };
}

/** Samples that are repeated at either end of a row of chroma, so that no tap has to be tested. */
const before = 2;

/** The chroma of one luma row, zero-centred. */
class ChromaRows {
  readonly u: Float32Array;
  readonly v: Float32Array;
  readonly #frame: YuvFrame;
  readonly #zero: number;
  readonly #width: number;
  readonly #height: number;
  #loaded = -1;

  constructor(frame: YuvFrame, zero: number) {
    this.#frame = frame;
    this.#zero = zero;
    this.#width = Math.ceil(frame.width / frame.acrossChroma);
    this.#height = Math.ceil(frame.height / frame.downChroma);
    this.u = new Float32Array(this.#width + 2 * before);
    this.v = new Float32Array(this.#width + 2 * before);
  }

  load(row: number): void {
    if (row === this.#loaded) return;
    this.#loaded = row;
    this.#fill(this.#frame.u, this.u, row);
    this.#fill(this.#frame.v, this.v, row);
  }

  #fill({ data, stride, step }: Plane, into: Float32Array, row: number): void {
    const width = this.#width;
    const zero = this.#zero;
    if (this.#frame.downChroma === 1) {
      for (let x = 0, at = row * stride; x < width; x++, at += step) into[x + before] = data[at] - zero;
    } else {
      const first = (row >> 1) + (row & 1) - 2;
      const [a, b, c, d] = [0, 1, 2, 3].map((i) => this.#clamp(first + i) * stride);
      const [p, q, r, s] = row & 1 ? mirrored : quarter;
      for (let x = 0, at = 0; x < width; x++, at += step) {
        into[x + before] = p * data[a + at] + q * data[b + at] + r * data[c + at] + s * data[d + at] - zero;
      }
    }
    into.fill(into[before], 0, before);
    into.fill(into[width + before - 1], width + before);
  }

  #clamp(row: number): number {
    return Math.max(0, Math.min(this.#height - 1, row));
  }
}
