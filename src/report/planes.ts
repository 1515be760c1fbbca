/** Planes of numbers as pictures: activations, differences, kernels, and what a network was asked to imagine. */
import type { Picture } from '../media/types.ts';

export interface Plane {
  width: number;
  height: number;
  data: Float32Array;
}

/** Each cell becomes a square of whole pixels, about `side` pixels in all. */
function enlarge(
  width: number,
  height: number,
  side: number,
  colour: (cell: number) => readonly [number, number, number],
): Picture {
  const factor = Math.max(1, Math.round(side / Math.max(width, height)));
  const [w, h] = [width * factor, height * factor];
  const data = new Uint8Array(w * h * 3);
  for (let y = 0; y < h; y++) {
    for (let x = 0; x < w; x++) {
      data.set(colour(Math.floor(y / factor) * width + Math.floor(x / factor)), (y * w + x) * 3);
    }
  }
  return { width: w, height: h, data };
}

/** Black at `low`, white at `high`. */
export function greyPicture(
  { width, height, data }: Plane,
  low: number,
  high: number,
  side: number,
): Picture {
  const span = high - low || 1;
  return enlarge(width, height, side, (cell) => {
    const level = Math.max(0, Math.min(255, Math.round((255 * (data[cell] - low)) / span)));
    return [level, level, level];
  });
}

/** White at 0, orange above and blue below, full at `most`: the colours keep apart for all common colour blindness. */
export function signedPicture({ width, height, data }: Plane, most: number, side: number): Picture {
  return enlarge(width, height, side, (cell) => {
    const share = Math.max(-1, Math.min(1, data[cell] / (most || 1)));
    const target = share > 0 ? [213, 94, 0] : [0, 114, 178];
    const mix = target.map((value) => Math.round(255 + (value - 255) * Math.abs(share)));
    return [mix[0], mix[1], mix[2]];
  });
}

/** 3 x height x width values as a picture, `low` black and `high` full in each channel. */
export function colourPicture(
  width: number,
  height: number,
  values: Float32Array,
  [low, high]: readonly [number, number],
  side: number,
): Picture {
  const area = width * height;
  const level = (value: number) =>
    Math.max(0, Math.min(255, Math.round((255 * (value - low)) / (high - low || 1))));
  return enlarge(width, height, side, (cell) => [
    level(values[cell]),
    level(values[area + cell]),
    level(values[2 * area + cell]),
  ]);
}

/** Values over their 99th percentile of the positive ones, for overlays: one hot pixel must not hide the rest. */
export function normalised({ width, height, data }: Plane): Plane {
  const positive = [...data].filter((value) => value > 0).sort((a, b) => a - b);
  const top = positive[Math.floor(0.99 * (positive.length - 1))] ?? 1;
  return { width, height, data: data.map((value) => Math.max(0, Math.min(1, value / top))) };
}
