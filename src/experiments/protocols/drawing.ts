/** Pictures that a protocol leaves beside its table: curves as SVG, rows of pictures as PNG. */
import * as echarts from 'echarts';
import { encodePng } from '../../media/image.ts';
import type { Picture } from '../../media/types.ts';

export interface Drawn {
  /** File name, with its ending. */
  name: string;
  caption: string;
  bytes: Uint8Array;
}

export interface Line {
  name: string;
  points: readonly (readonly [x: number, y: number])[];
  /** A line that nobody measured: chance, the naive answer. */
  dashed?: boolean;
}

/** Colours that stay apart for all common colour blindness (Okabe and Ito). */
const colours = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9', '#000000', '#999999'];

export function curves(
  name: string,
  caption: string,
  { x, y, from = [0, 0], to }: { x: string; y: string; from?: [number, number]; to?: [number, number] },
  lines: readonly Line[],
): Drawn {
  const chart = echarts.init(null, null, { renderer: 'svg', ssr: true, width: 760, height: 520 });
  try {
    chart.setOption({
      animation: false,
      backgroundColor: '#fff',
      color: colours,
      legend: { top: 8, type: 'plain' },
      grid: { left: 64, right: 24, top: 64, bottom: 56 },
      xAxis: { type: 'value', name: x, nameLocation: 'middle', nameGap: 32, min: from[0], max: to?.[0] },
      yAxis: { type: 'value', name: y, nameLocation: 'middle', nameGap: 42, min: from[1], max: to?.[1] },
      series: lines.map(({ name: label, points, dashed }) => ({
        name: label,
        type: 'line',
        showSymbol: false,
        lineStyle: { width: 2, type: dashed ? 'dashed' : 'solid' },
        data: points,
      })),
    });
    return { name, caption, bytes: new TextEncoder().encode(`${chart.renderToSVGString()}\n`) };
  } finally {
    chart.dispose();
  }
}

/** A grid of equally large pictures with a white gap between them, row by row. */
export async function mosaic(
  name: string,
  caption: string,
  rows: readonly (readonly Picture[])[],
): Promise<Drawn> {
  const [gap, side] = [4, rows[0][0].width];
  const columns = Math.max(...rows.map(({ length }) => length));
  const width = columns * (side + gap) - gap;
  const height = rows.length * (side + gap) - gap;
  const data = new Uint8Array(width * height * 3).fill(255);
  for (const [r, row] of rows.entries()) {
    for (const [c, picture] of row.entries()) {
      for (let y = 0; y < side; y++) {
        const from = picture.data.subarray(y * side * 3, (y + 1) * side * 3);
        data.set(from, ((r * (side + gap) + y) * width + c * (side + gap)) * 3);
      }
    }
  }
  return { name, caption, bytes: await encodePng({ width, height, data }) };
}

/** A map as grey levels, nearest neighbour, `side` pixels square. */
export function mapPicture(
  { width, height, data }: { width: number; height: number; data: Float32Array },
  side: number,
): Picture {
  const out = new Uint8Array(side * side * 3);
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) {
      const value = data[Math.floor((y * height) / side) * width + Math.floor((x * width) / side)];
      out.fill(Math.round(255 * Math.max(0, Math.min(1, value))), (y * side + x) * 3, (y * side + x) * 3 + 3);
    }
  }
  return { width: side, height: side, data: out };
}

/** Squares along the longer side of a picture that shows nobody. */
const coarseSquares = 6;

/** The picture as a few squares of its mean colours: no face is known by them. */
export function coarse({ width, height, data }: Picture): Picture {
  const square = Math.ceil(Math.max(width, height) / coarseSquares);
  const out = new Uint8Array(data.length);
  for (let top = 0; top < height; top += square) {
    for (let left = 0; left < width; left += square) {
      const [bottom, right] = [Math.min(height, top + square), Math.min(width, left + square)];
      const mean = [0, 0, 0];
      for (let y = top; y < bottom; y++) {
        for (let x = left; x < right; x++) {
          for (let c = 0; c < 3; c++) mean[c] += data[(y * width + x) * 3 + c];
        }
      }
      const colour = mean.map((sum) => Math.round(sum / ((bottom - top) * (right - left))));
      for (let y = top; y < bottom; y++) {
        for (let x = left; x < right; x++) out.set(colour, (y * width + x) * 3);
      }
    }
  }
  return { width, height, data: out };
}

/** A picture at another size, nearest neighbour: pixels stay to be seen. */
export function enlarged(picture: Picture, side: number): Picture {
  const out = new Uint8Array(side * side * 3);
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) {
      const from =
        (Math.floor((y * picture.height) / side) * picture.width + Math.floor((x * picture.width) / side)) *
        3;
      out.set(picture.data.subarray(from, from + 3), (y * side + x) * 3);
    }
  }
  return { width: side, height: side, data: out };
}
