/** Cases of operations that move values about, and of resizing. */
import * as ops from '../index.ts';
import { type Array64, array, type Case, type CaseTable, eachIndex, of, offset } from './case.ts';

/** A new array whose element at an index is the input's at `from(index)`, or 0 where that is undefined. */
function moved(
  x: Array64,
  dims: readonly number[],
  from: (index: number[]) => number[] | undefined,
): Array64 {
  const out = array(dims);
  eachIndex(dims, (index, flat) => {
    const source = from(index);
    out.data[flat] = source === undefined ? 0 : x.data[offset(x.dims, source)];
  });
  return out;
}

function concatenated(parts: readonly Array64[], axis: number): Array64 {
  const starts = parts.map((_, i) => parts.slice(0, i).reduce((sum, part) => sum + part.dims[axis], 0));
  const dims = parts[0].dims.map((dim, i) =>
    i === axis ? parts.reduce((sum, part) => sum + part.dims[axis], 0) : dim,
  );
  const out = array(dims);
  eachIndex(dims, (index, flat) => {
    const which = starts.findLastIndex((start) => start <= index[axis]);
    const inside = index.map((at, i) => (i === axis ? at - starts[which] : at));
    out.data[flat] = parts[which].data[offset(parts[which].dims, inside)];
  });
  return out;
}

function transposed(dims: number[], order: number[]): Case {
  return {
    name: `order ${order.join(' ')}`,
    inputs: [of(dims)],
    build: ([x]) => ops.transpose(x, order),
    reference: ([x]) =>
      moved(
        x,
        order.map((axis) => dims[axis]),
        (index) => dims.map((_, axis) => index[order.indexOf(axis)]),
      ),
    batched: [0],
  };
}

/** Weights of the two neighbours along an axis, straight from the definition of half-pixel centres. */
function resized(x: Array64, size: readonly [number, number], mode: 'nearest' | 'bilinear'): Array64 {
  const [n, channels, height, width] = x.dims;
  const out = array([n, channels, ...size]);
  const inside = (at: number, limit: number) => Math.min(Math.max(at, 0), limit - 1);
  eachIndex(out.dims, ([b, c, i, j], flat) => {
    const [u, v] = [((i + 0.5) * height) / size[0] - 0.5, ((j + 0.5) * width) / size[1] - 0.5];
    const at = (row: number, column: number) =>
      x.data[offset(x.dims, [b, c, inside(row, height), inside(column, width)])];
    if (mode === 'nearest') {
      out.data[flat] = at(Math.ceil(inside(u, height) - 0.5), Math.ceil(inside(v, width) - 0.5));
      return;
    }
    const [top, left] = [Math.floor(u), Math.floor(v)];
    const [down, right] = [u - top, v - left];
    out.data[flat] =
      (1 - down) * ((1 - right) * at(top, left) + right * at(top, left + 1)) +
      down * ((1 - right) * at(top + 1, left) + right * at(top + 1, left + 1));
  });
  return out;
}

const sizes: [string, [number, number]][] = [
  ['twice', [8, 10]],
  ['three times', [12, 15]],
  ['half', [2, 2]],
  ['odd ratio up', [7, 9]],
  ['odd ratio down', [3, 4]],
  ['one pixel', [1, 1]],
];

export const shapeCases: CaseTable = {
  concat: [0, 1, 2].map((axis) => ({
    name: `axis ${axis}`,
    inputs: [1, 3, 2].map((size) => of([2, 3, 4].map((dim, i) => (i === axis ? size : dim)))),
    build: (parts) => ops.concat(parts, axis),
    reference: (parts) => concatenated(parts, axis),
    ...(axis === 0 ? {} : { batched: [0, 1, 2] }),
  })),
  expand: [
    {
      name: 'inner and leading axes',
      inputs: [of([3, 1, 2])],
      build: ([x]) => ops.expand(x, [2, 3, 4, 2]),
      reference: ([x]) => moved(x, [2, 3, 4, 2], ([, i, , k]) => [i, 0, k]),
    },
    {
      name: 'a scalar',
      inputs: [of([])],
      build: ([x]) => ops.expand(x, [2, 2]),
      reference: ([x]) => moved(x, [2, 2], () => []),
    },
  ],
  pad: [
    {
      name: 'picture, uneven',
      inputs: [of([2, 2, 3, 3])],
      build: ([x]) => ops.pad(x, [0, 0, 1, 0], [0, 0, 2, 3]),
      reference: ([x]) =>
        moved(x, [2, 2, 6, 6], ([n, c, i, j]) => (i >= 1 && i < 4 && j < 3 ? [n, c, i - 1, j] : undefined)),
      batched: [0],
    },
    {
      name: 'all axes',
      inputs: [of([2, 3])],
      build: ([x]) => ops.pad(x, [1, 1], [1, 1]),
      reference: ([x]) =>
        moved(x, [4, 5], ([i, j]) => (i >= 1 && i < 3 && j >= 1 && j < 4 ? [i - 1, j - 1] : undefined)),
    },
  ],
  foldSteps: [
    {
      name: 'sequences to frames',
      inputs: [of([2, 3, 4])],
      build: ([x]) => ops.foldSteps(x),
      reference: ([x]) => array([6, 4], x.data),
    },
  ],
  unfoldSteps: [
    {
      name: 'frames to sequences',
      inputs: [of([6, 4])],
      build: ([x]) => ops.unfoldSteps(x, 3),
      reference: ([x]) => array([2, 3, 4], x.data),
    },
    {
      name: 'back to sequences of an unknown batch',
      inputs: [of([2, 3, 4])],
      build: ([x]) => ops.unfoldSteps(ops.foldSteps(x), 3),
      reference: ([x]) => x,
      batched: [0],
    },
  ],
  reshape: [
    {
      name: 'flattening',
      inputs: [of([3, 2, 4])],
      build: ([x]) => ops.reshape(x, [x.type.shape[0], -1]),
      reference: ([x]) => array([3, 8], x.data),
      batched: [0],
    },
    {
      name: 'splitting an axis',
      inputs: [of([4, 6])],
      build: ([x]) => ops.reshape(x, [2, 2, 3, 2]),
      reference: ([x]) => array([2, 2, 3, 2], x.data),
    },
  ],
  slice: [
    {
      name: 'middle channels',
      inputs: [of([2, 5, 3])],
      build: ([x]) => ops.slice(x, { axis: 1, from: 1, to: 4 }),
      reference: ([x]) => moved(x, [2, 3, 3], ([n, c, i]) => [n, c + 1, i]),
      batched: [0],
    },
    {
      name: 'last axis from its end',
      inputs: [of([2, 5])],
      build: ([x]) => ops.slice(x, { axis: -1, from: 0, to: 2 }),
      reference: ([x]) => moved(x, [2, 2], (index) => index),
      batched: [0],
    },
    {
      name: 'split into parts',
      inputs: [of([3, 6])],
      build: ([x]) => ops.split(x, 1, [1, 2, 3]),
      reference: ([x]) =>
        [1, 2, 3].map((size, part) => moved(x, [3, size], ([n, i]) => [n, i + [0, 1, 3][part]])),
      batched: [0],
    },
  ],
  transpose: [
    transposed([2, 3], [1, 0]),
    transposed([2, 3, 4], [1, 2, 0]),
    transposed([2, 3, 4, 5], [0, 2, 3, 1]),
    transposed([2, 3, 4, 5], [3, 0, 2, 1]),
  ],
  resize2d: (['nearest', 'bilinear'] as const).flatMap((mode) =>
    sizes.map(([name, size]) => ({
      name: `${mode}, ${name}`,
      inputs: [of([2, 2, 4, 5])],
      build: ([x]) => ops.resize2d(x, { size, mode }),
      reference: ([x]) => resized(x, size, mode),
      batched: [0],
    })),
  ),
};
