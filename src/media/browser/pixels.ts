/** Decoded frames of WebCodecs to upright RGB. */
import type { VideoSample } from 'mediabunny';
import { type Orientation, orient } from '../orient.ts';
import type { Picture } from '../types.ts';
import { guessMatrix, type Matrix, matrices, type Plane, type YuvFrame, yuvToRgb } from './yuv.ts';

/** What the track says of its pictures. */
export interface Look {
  /** Square pixels before turning. */
  scaledWidth: number;
  scaledHeight: number;
  orientation: Orientation;
  /** Of a chroma sample, as FFmpeg's decoder of this codec says. */
  chromaPlace: YuvFrame['chromaPlace'];
  /** As labelled in the file; undefined where it is not. */
  matrix: string | undefined;
  fullRange: boolean | undefined;
}

/** Planar formats of WebCodecs: luma samples a chroma sample across and down, bits. */
const planar: Readonly<Record<string, readonly [across: number, down: number, bits: number]>> = {
  I420: [2, 2, 8],
  I420A: [2, 2, 8],
  I422: [2, 1, 8],
  I422A: [2, 1, 8],
  I444: [1, 1, 8],
  I444A: [1, 1, 8],
  NV12: [2, 2, 8],
  I420P10: [2, 2, 10],
  I422P10: [2, 1, 10],
  I444P10: [1, 1, 10],
  I420P12: [2, 2, 12],
  I422P12: [2, 1, 12],
  I444P12: [1, 1, 12],
};

/** A fresh upright picture; the sample is the caller's to close. Transparency is ignored, as in Node. */
export async function pictureOf(sample: VideoSample, look: Look): Promise<Picture> {
  const shape = planar[sample.format ?? ''];
  const stored = shape ? await fromPlanes(sample, shape, look) : await fromBrowser(sample);
  return orient(stretch(stored, look.scaledWidth, look.scaledHeight), look.orientation);
}

async function fromPlanes(
  sample: VideoSample,
  [acrossChroma, downChroma, bits]: readonly [number, number, number],
  look: Look,
): Promise<Picture> {
  const bytes = new Uint8Array(sample.allocationSize());
  const layout = await sample.copyTo(bytes);
  const { width, height } = sample.visibleRect;
  const size = bits > 8 ? 2 : 1;
  const plane = (index: number, step = 1, shift = 0): Plane => {
    const { offset, stride } = layout[index];
    const data =
      size === 1
        ? bytes.subarray(offset + shift)
        : new Uint16Array(bytes.buffer, offset, (bytes.length - offset) >> 1);
    return { data, stride: stride / size, step };
  };
  const interleaved = sample.format === 'NV12';
  const frame: YuvFrame = {
    width,
    height,
    y: plane(0),
    u: interleaved ? plane(1, 2) : plane(1),
    v: interleaved ? plane(1, 2, 1) : plane(2),
    acrossChroma,
    downChroma,
    chromaPlace: look.chromaPlace,
    bits,
    matrix: matrixOf(look, width, height),
    fullRange: look.fullRange ?? sample.colorSpace.fullRange ?? false,
  };
  return yuvToRgb(frame);
}

/** mediabunny fills in "bt709" where a file says nothing, so the sample's own label cannot be asked. */
function matrixOf({ matrix }: Look, width: number, height: number): Matrix {
  return matrix === undefined ? guessMatrix(width, height) : (matrices[matrix] ?? matrices.bt470bg);
}

/** Frames that stay on a graphics chip, and RGB ones: the browser's own conversion. */
async function fromBrowser(sample: VideoSample): Promise<Picture> {
  const { width, height } = sample.visibleRect;
  const rgba = new Uint8Array(width * height * 4);
  await sample.copyTo(rgba, { format: 'RGBA', layout: [{ offset: 0, stride: width * 4 }] });
  return withoutAlpha(rgba, width, height);
}

export function withoutAlpha(rgba: Uint8Array | Uint8ClampedArray, width: number, height: number): Picture {
  const data = new Uint8Array(width * height * 3);
  for (let from = 0, to = 0; to < data.length; from += 4, to += 3) {
    data[to] = rgba[from];
    data[to + 1] = rgba[from + 1];
    data[to + 2] = rgba[from + 2];
  }
  return { width, height, data };
}

/** Wide samples widen the picture: linear, on one axis, since a sample is either wide or tall. */
export function stretch(picture: Picture, width: number, height: number): Picture {
  if (picture.width === width && picture.height === height) return picture;
  const out = new Uint8Array(width * height * 3);
  const columns = spread(picture.width, width);
  const rows = spread(picture.height, height);
  const { data } = picture;
  let to = 0;
  for (const { low: top, high: bottom, share: down } of rows) {
    for (const { low: left, high: right, share: across } of columns) {
      for (let c = 0; c < 3; c++, to++) {
        const at = (row: number, column: number) => data[(row * picture.width + column) * 3 + c];
        const above = at(top, left) * (1 - across) + at(top, right) * across;
        const below = at(bottom, left) * (1 - across) + at(bottom, right) * across;
        out[to] = Math.round(above * (1 - down) + below * down);
      }
    }
  }
  return { width, height, data: out };
}

/** For each of `to` places, the two of `from` samples that it lies between. */
function spread(from: number, to: number): { low: number; high: number; share: number }[] {
  return Array.from({ length: to }, (_, i) => {
    const place = Math.max(0, Math.min(from - 1, ((i + 0.5) * from) / to - 0.5));
    const low = Math.floor(place);
    return { low, high: Math.min(from - 1, low + 1), share: place - low };
  });
}
