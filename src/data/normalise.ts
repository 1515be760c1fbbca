/** 8-bit pictures into the network's input: value = (byte / 255 - mean) / deviation, planes R, G, B. */
import type { Picture } from '../media/types.ts';

export type Triple = readonly [number, number, number];

export interface Normalisation {
  mean: Triple;
  deviation: Triple;
}

/** Writes 3 x height x width float32 into `out` from `offset`: the contract's normalisation (detect/contract.ts). */
export function normaliseInto(
  picture: Picture,
  { mean, deviation }: Normalisation,
  out: Float32Array,
  offset = 0,
): void {
  const area = picture.width * picture.height;
  const { data } = picture;
  const [r, g, b] = [0, 1, 2].map((c) =>
    Float32Array.from({ length: 256 }, (_, value) => (value / 255 - mean[c]) / deviation[c]),
  );
  let red = offset;
  let green = offset + area;
  let blue = offset + 2 * area;
  for (let j = 0; j < 3 * area; j += 3) {
    out[red++] = r[data[j]];
    out[green++] = g[data[j + 1]];
    out[blue++] = b[data[j + 2]];
  }
}
