/** Cases of matrix products, dense layers and the recurrent cell. */
import * as ops from '../index.ts';
import { type Array64, array, type Case, type CaseTable, eachIndex, of, offset } from './case.ts';

function product(a: Array64, b: Array64, transA: boolean, transB: boolean): Array64 {
  const [rows, inner] = transA ? a.dims.slice(-2).reverse() : a.dims.slice(-2);
  const columns = transB ? b.dims[b.dims.length - 2] : b.dims[b.dims.length - 1];
  const rank = Math.max(a.dims.length, b.dims.length) - 2;
  const size = (x: Array64, axis: number) => x.dims[axis + x.dims.length - 2 - rank] ?? 1;
  const batch = Array.from({ length: rank }, (_, axis) => Math.max(size(a, axis), size(b, axis)));
  const out = array([...batch, rows, columns]);
  eachIndex(out.dims, (index, flat) => {
    const [i, j] = index.slice(-2);
    for (let k = 0; k < inner; k++) {
      const left = offset(a.dims, [...index.slice(0, -2), ...(transA ? [k, i] : [i, k])]);
      const right = offset(b.dims, [...index.slice(0, -2), ...(transB ? [j, k] : [k, j])]);
      out.data[flat] += a.data[left] * b.data[right];
    }
  });
  return out;
}

function products(): Case[] {
  const batches: [string, number[], number[]][] = [
    ['matrices', [], []],
    ['batch', [2], [2]],
    ['batch times one', [3], []],
    ['one times batch', [], [2]],
    ['batches broadcast', [2, 1], [3]],
  ];
  return batches.flatMap(([name, left, right]) =>
    [0, 1, 2, 3].map((flags) => {
      const [transA, transB] = [flags % 2 === 1, flags > 1];
      return {
        name: `${name}${transA ? ', Aᵀ' : ''}${transB ? ', Bᵀ' : ''}`,
        inputs: [of([...left, ...(transA ? [4, 3] : [3, 4])]), of([...right, ...(transB ? [5, 4] : [4, 5])])],
        build: ([a, b]) => ops.matMul(a, b, { transA, transB }),
        reference: ([a, b]) => product(a, b, transA, transB),
        ...(name === 'batch times one' ? { batched: [0] } : {}),
      } satisfies Case;
    }),
  );
}

const rowsOf = (x: Array64, w: Array64, b?: Array64) => {
  const out = product(x, w, false, true);
  for (let i = 0; b !== undefined && i < out.data.length; i++) out.data[i] += b.data[i % b.dims[0]];
  return out;
};

function gru([x, h, w, u, b, c]: readonly Array64[]): Array64 {
  const [n, size] = h.dims;
  const sigma = (v: number) => 1 / (1 + Math.exp(-v));
  const [fromInput, fromState] = [rowsOf(x, w, b), rowsOf(h, u, c)];
  const out = array([n, size]);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < size; j++) {
      const gate = (of64: Array64, which: number) => of64.data[i * 3 * size + which * size + j];
      const reset = sigma(gate(fromInput, 0) + gate(fromState, 0));
      const keep = sigma(gate(fromInput, 1) + gate(fromState, 1));
      const candidate = Math.tanh(gate(fromInput, 2) + reset * gate(fromState, 2));
      out.data[i * size + j] = (1 - keep) * candidate + keep * h.data[i * size + j];
    }
  }
  return out;
}

export const productCases: CaseTable = {
  matMul: products(),
  dense: [
    {
      name: 'with bias',
      inputs: [of([3, 4]), of([5, 4]), of([5])],
      build: ([x, w, b]) => ops.dense(x, w, b),
      reference: ([x, w, b]) => rowsOf(x, w, b),
      batched: [0],
    },
    {
      name: 'without bias, batch 1',
      inputs: [of([1, 4]), of([2, 4])],
      build: ([x, w]) => ops.dense(x, w),
      reference: ([x, w]) => rowsOf(x, w),
      batched: [0],
    },
  ],
  gruCell: [1, 3].map((n) => ({
    name: `batch ${n}`,
    inputs: [of([n, 4]), of([n, 3]), of([9, 4]), of([9, 3]), of([9]), of([9])],
    build: ([x, h, input, hidden, inputBias, hiddenBias]) =>
      ops.gruCell(x, h, { input, hidden, inputBias, hiddenBias }),
    reference: gru,
    batched: [0, 1],
  })),
};
