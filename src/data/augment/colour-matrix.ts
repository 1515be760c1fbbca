/** Colour maps as 3x4 matrices on R, G, B, 1 in bytes: several become one pass, with no clipping in between. */

export type Rgb = readonly [number, number, number];

export type ColourMatrix = readonly [
  number,
  number,
  number,
  number,
  number,
  number,
  number,
  number,
  number,
  number,
  number,
  number,
];

/** Luma weights of ITU-R BT.601, as torchvision's and PIL's grey. */
export const luma: Rgb = [0.299, 0.587, 0.114];

/** Scale and offset alike for all channels. */
export function grading(scale: number, offset = 0): ColourMatrix {
  return [scale, 0, 0, offset, 0, scale, 0, offset, 0, 0, scale, offset];
}

/** a after b. */
export function composeColour(a: ColourMatrix, b: ColourMatrix): ColourMatrix {
  const cell = (row: number, column: number) => {
    let sum = column === 3 ? a[4 * row + 3] : 0;
    for (let k = 0; k < 3; k++) sum += a[4 * row + k] * b[4 * k + column];
    return sum;
  };
  return [
    cell(0, 0),
    cell(0, 1),
    cell(0, 2),
    cell(0, 3),
    cell(1, 0),
    cell(1, 1),
    cell(1, 2),
    cell(1, 3),
    cell(2, 0),
    cell(2, 1),
    cell(2, 2),
    cell(2, 3),
  ];
}

export function applyColour(m: ColourMatrix, [r, g, b]: Rgb): Rgb {
  return [
    m[0] * r + m[1] * g + m[2] * b + m[3],
    m[4] * r + m[5] * g + m[6] * b + m[7],
    m[8] * r + m[9] * g + m[10] * b + m[11],
  ];
}

/** Mean colour of interleaved RGB bytes. */
export function meanColour(data: Uint8Array): Rgb {
  let [r, g, b] = [0, 0, 0];
  for (let i = 0; i < data.length; i += 3) {
    r += data[i];
    g += data[i + 1];
    b += data[i + 2];
  }
  const count = data.length / 3;
  return [r / count, g / count, b / count];
}

/** Maps the colours of interleaved RGB bytes in place, rounded and clamped. */
export function recolour(data: Uint8Array, m: ColourMatrix): void {
  const out = new Uint8ClampedArray(data.buffer, data.byteOffset, data.length);
  const [c0, c1, c2, c3, c4, c5, c6, c7, c8, c9, c10, c11] = m;
  if (c1 === 0 && c2 === 0 && c4 === 0 && c6 === 0 && c8 === 0 && c9 === 0) {
    // Channels that do not mix are 3 tables: brightness, contrast and shifts cost next to nothing.
    const table = (scale: number, offset: number) =>
      Uint8ClampedArray.from({ length: 256 }, (_, value) => scale * value + offset);
    const [r, g, b] = [table(c0, c3), table(c5, c7), table(c10, c11)];
    for (let i = 0; i < data.length; i += 3) {
      data[i] = r[data[i]];
      data[i + 1] = g[data[i + 1]];
      data[i + 2] = b[data[i + 2]];
    }
    return;
  }
  for (let i = 0; i < data.length; i += 3) {
    const r = data[i];
    const g = data[i + 1];
    const b = data[i + 2];
    out[i] = c0 * r + c1 * g + c2 * b + c3;
    out[i + 1] = c4 * r + c5 * g + c6 * b + c7;
    out[i + 2] = c8 * r + c9 * g + c10 * b + c11;
  }
}
