/** Cases of sums, means, maxima and softmax over axes. */
import type { Value } from '../../graph/node.ts';
import * as ops from '../index.ts';
import { type Array64, array, type Case, type CaseTable, type Draw, eachIndex, of, offset } from './case.ts';

/** Reduces the lists of values along the axes. */
export function reduced(
  x: Array64,
  axes: readonly number[],
  keep: boolean,
  f: (values: number[]) => number,
): Array64 {
  const kept = x.dims.map((dim, axis) => (axes.includes(axis) ? 1 : dim));
  const lists: number[][] = Array.from({ length: kept.reduce((a, b) => a * b, 1) }, () => []);
  eachIndex(x.dims, (index, flat) => lists[offset(kept, index)].push(x.data[flat]));
  return array(keep ? kept : x.dims.filter((_, axis) => !axes.includes(axis)), lists.map(f));
}

type Reduce = (x: Value, axes?: readonly number[], options?: { keepAxes?: boolean }) => Value;

function reductions(op: Reduce, f: (values: number[]) => number, draw: Draw): Case[] {
  const options: [string, number[] | undefined, boolean, number[]][] = [
    ['all axes', undefined, false, [0, 1, 2, 3]],
    ['channel statistics, axes kept', [0, 2, 3], true, [0, 2, 3]],
    ['pixels', [2, 3], false, [2, 3]],
    ['negative axis', [-1], true, [3]],
    ['the batch', [0], false, [0]],
  ];
  return options.map(([name, axes, keepAxes, normal]) => ({
    name,
    inputs: [of([3, 2, 4, 5], draw)],
    build: ([x]: readonly Value[]) => op(x, axes, { keepAxes }),
    reference: ([x]: readonly Array64[]) => reduced(x, normal, keepAxes, f),
    ...(normal.includes(0) ? {} : { batched: [0] }),
  }));
}

const sum = (values: number[]) => values.reduce((a, b) => a + b, 0);
const mean = (values: number[]) => sum(values) / values.length;

function alongAxis(x: Array64, axis: number, f: (x: number, all: number[]) => number): Array64 {
  const kept = x.dims.map((dim, i) => (i === axis ? 1 : dim));
  const lists: number[][] = Array.from({ length: kept.reduce((a, b) => a * b, 1) }, () => []);
  eachIndex(x.dims, (index, flat) => lists[offset(kept, index)].push(x.data[flat]));
  const out = array(x.dims);
  eachIndex(x.dims, (index, flat) => {
    out.data[flat] = f(x.data[flat], lists[offset(kept, index)]);
  });
  return out;
}

function softmaxes(op: (x: Value, axis?: number) => Value, f: (x: number, all: number[]) => number): Case[] {
  const shapes: [string, number[], number][] = [
    ['classes', [3, 5], 1],
    ['a map of two classes', [2, 2, 3, 4], 1],
    ['the last axis', [2, 3, 4], 2],
  ];
  const plain = shapes.map(([name, dims, axis]) => ({
    name,
    inputs: [of(dims)],
    build: ([x]: readonly Value[]) => op(x, axis),
    reference: ([x]: readonly Array64[]) => alongAxis(x, axis, f),
    batched: [0],
  }));
  const large: Case = {
    name: 'large logits do not overflow',
    inputs: [of([3, 4])],
    build: ([x]) => op(ops.multiply(x, ops.fill([], 300))),
    reference: ([x]) =>
      alongAxis(
        array(
          x.dims,
          x.data.map((v) => 300 * v),
        ),
        1,
        f,
      ),
  };
  return [...plain, large];
}

const normaliser = (all: number[]) => {
  const top = Math.max(...all);
  return top + Math.log(sum(all.map((v) => Math.exp(v - top))));
};

export const reductionCases: CaseTable = {
  reduceSum: reductions(ops.reduceSum, sum, 'normal'),
  reduceMean: reductions(ops.reduceMean, mean, 'normal'),
  reduceMax: [
    ...reductions(ops.reduceMax, (values) => Math.max(...values), 'distinct'),
    {
      name: 'the gradient is shared evenly among ties',
      inputs: [of([6, 5], 'coarse'), of([6, 1])],
      build: ([x, w]) => {
        const loss = ops.reduceSum(ops.multiply(ops.reduceMax(x, [1], { keepAxes: true }), w));
        return ops.gradientsOf(loss, [x])[0] as Value;
      },
      reference: ([x, w]) => {
        const top = reduced(x, [1], true, (values) => Math.max(...values));
        const ties = reduced(
          x,
          [1],
          true,
          (values) => values.filter((v) => v === Math.max(...values)).length,
        );
        const dx = array(x.dims);
        eachIndex(x.dims, ([i], flat) => {
          dx.data[flat] = x.data[flat] === top.data[i] ? w.data[i] / ties.data[i] : 0;
        });
        return dx;
      },
      constants: [0, 1],
    },
  ],
  globalAveragePool2d: [false, true].map((keepAxes) => ({
    name: keepAxes ? 'axes kept' : 'vectors',
    inputs: [of([3, 4, 3, 5])],
    build: ([x]: readonly Value[]) => ops.globalAveragePool2d(x, { keepAxes }),
    reference: ([x]: readonly Array64[]) => reduced(x, [2, 3], keepAxes, mean),
    batched: [0],
  })),
  sumTo: [
    {
      name: 'leading and inner axes',
      inputs: [of([2, 3, 4, 5])],
      build: ([x]) => ops.sumTo(x, [3, 1, 5]),
      reference: ([x]) => array([3, 1, 5], reduced(x, [0, 2], true, sum).data),
    },
    {
      name: 'to a scalar',
      inputs: [of([2, 3])],
      build: ([x]) => ops.sumTo(x, []),
      reference: ([x]) => reduced(x, [0, 1], false, sum),
    },
  ],
  softmax: softmaxes(ops.softmax, (x, all) => Math.exp(x - normaliser(all))),
  logSoftmax: softmaxes(ops.logSoftmax, (x, all) => x - normaliser(all)),
};
