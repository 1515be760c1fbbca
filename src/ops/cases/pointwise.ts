/** Cases of operations that treat every element alike. */

import type { Value } from '../../graph/node.ts';
import * as ops from '../index.ts';
import { array, type Case, type CaseTable, type Draw, of, pointwise } from './case.ts';

function unary(
  f: (x: Value) => Value,
  reference: (x: number) => number,
  draw: Draw = 'offKinks',
  name = 'picture',
): Case {
  return {
    name,
    inputs: [of([2, 3, 4, 5], draw)],
    build: ([x]) => f(x),
    reference: pointwise(reference),
    batched: [0],
  };
}

/** The same shapes, each way of broadcasting, and one value on both sides. */
function binary(
  f: (a: Value, b: Value) => Value,
  reference: (a: number, b: number) => number,
  draw: Draw = 'normal',
): Case[] {
  const shapes: [string, number[], number[]][] = [
    ['same shapes', [2, 3, 4], [2, 3, 4]],
    ['a row is broadcast', [2, 3, 4], [4]],
    ['a channel vector is broadcast', [2, 3, 4, 5], [1, 3, 1, 1]],
    ['a scalar on the left', [], [3, 4]],
    ['both are broadcast', [3, 1, 4], [2, 1, 5, 1]],
  ];
  return [
    ...shapes.map(([name, a, b]) => ({
      name,
      inputs: [of(a, draw), of(b, draw)],
      build: ([x, y]: readonly Value[]) => f(x, y),
      reference: pointwise(reference),
      ...(name === 'a row is broadcast' ? { batched: [0] } : {}),
    })),
    {
      name: 'one value on both sides',
      inputs: [of([3, 4], draw)],
      build: ([x]) => f(x, x),
      reference: pointwise((x) => reference(x, x)),
    },
  ];
}

const sigma = (x: number) => 1 / (1 + Math.exp(-x));

export const pointwiseCases: CaseTable = {
  abs: [unary(ops.abs, Math.abs)],
  add: binary(ops.add, (a, b) => a + b),
  clamp: [
    unary(
      (x) => ops.clamp(x, -1, 1),
      (x) => Math.min(Math.max(x, -1), 1),
    ),
    unary(
      (x) => ops.clamp(x, 0, Number.POSITIVE_INFINITY),
      (x) => Math.max(x, 0),
      'offKinks',
      'one bound',
    ),
  ],
  divide: binary(ops.divide, (a, b) => a / b, 'positive'),
  equal: [
    {
      name: 'many equal',
      inputs: [of([3, 4], 'coarse'), of([4], 'coarse')],
      build: ([a, b]) => ops.equal(a, b),
      reference: pointwise((a, b) => Number(a === b)),
      batched: [0],
    },
  ],
  exp: [unary(ops.exp, Math.exp)],
  greater: [
    {
      name: 'equal is not greater',
      inputs: [of([3, 4], 'coarse'), of([4], 'coarse')],
      build: ([a, b]) => ops.greater(a, b),
      reference: pointwise((a, b) => Number(a > b)),
      batched: [0],
    },
  ],
  leakyRelu: [0.1, 0.3, 1].map((slope) =>
    unary(
      (x) => ops.leakyRelu(x, slope),
      (x) => (x > 0 ? x : slope * x),
      'offKinks',
      `slope ${slope}`,
    ),
  ),
  log: [unary(ops.log, Math.log, 'positive')],
  multiply: binary(ops.multiply, (a, b) => a * b),
  negate: [unary(ops.negate, (x) => -x)],
  power: [
    unary(
      (x) => ops.power(x, 3),
      (x) => x ** 3,
      'offKinks',
      'whole exponent',
    ),
    unary(
      (x) => ops.power(x, -0.5),
      (x) => x ** -0.5,
      'positive',
      'negative half',
    ),
  ],
  relu: [unary(ops.relu, (x) => Math.max(x, 0))],
  reluGradient: [
    {
      name: 'only where y is positive, however small',
      inputs: [of([6, 5, 4], 'magnitudes'), of([6, 5, 4])],
      build: ([y, dy]) => ops.reluGradient(y, dy),
      reference: pointwise((y, dy) => (y > 0 ? dy : 0)),
      constants: [0, 1],
      batched: [0, 1],
    },
  ],
  select: [
    {
      name: 'broadcast branches',
      inputs: [of([2, 3, 4], 'boolean'), of([2, 3, 4]), of([4])],
      build: ([c, a, b]) => ops.select(ops.greater(c, ops.fill([], 0.5)), a, b),
      reference: pointwise((c, a, b) => (c > 0.5 ? a : b)),
      constants: [0],
      batched: [0, 1],
    },
    {
      name: 'broadcast condition',
      inputs: [of([3, 1], 'boolean'), of([2, 3, 4]), of([])],
      build: ([c, a, b]) => ops.select(ops.greater(c, ops.fill([], 0.5)), a, b),
      reference: pointwise((c, a, b) => (c > 0.5 ? a : b)),
      constants: [0],
    },
  ],
  sigmoid: [unary(ops.sigmoid, sigma)],
  sign: [unary(ops.sign, Math.sign, 'coarse')],
  softplus: [
    unary(ops.softplus, (x) => Math.log1p(Math.exp(x))),
    {
      name: 'large values neither overflow nor vanish',
      inputs: [of([4])],
      build: ([x]) => ops.softplus(ops.multiply(x, ops.fill([], 60))),
      reference: pointwise((x) => Math.max(60 * x, 0) + Math.log1p(Math.exp(-Math.abs(60 * x)))),
    },
  ],
  sqrt: [unary(ops.sqrt, Math.sqrt, 'positive')],
  square: [unary(ops.square, (x) => x * x)],
  subtract: binary(ops.subtract, (a, b) => a - b),
  tanh: [unary(ops.tanh, Math.tanh)],
  cast: [
    {
      name: 'booleans to numbers',
      inputs: [of([3, 4])],
      build: ([x]) => ops.cast(ops.greater(x, ops.fill([], 0)), 'float32'),
      reference: pointwise((x) => Number(x > 0)),
      constants: [0],
      batched: [0],
    },
    {
      name: 'whole numbers lose their fraction',
      inputs: [of([3, 4], 'positive')],
      build: ([x]) => ops.cast(x, 'int64'),
      reference: pointwise(Math.trunc),
      constants: [0],
    },
  ],
  fill: [
    {
      name: 'half',
      inputs: [],
      build: () => ops.fill([2, 3], 0.5),
      reference: () => array([2, 3], Array(6).fill(0.5)),
    },
  ],
  dropout: [
    {
      name: 'noise below the rate drops, the rest is scaled',
      inputs: [of([3, 8]), of([3, 8], 'unit')],
      build: ([x, noise]) => ops.dropout(x, noise, 0.25),
      reference: pointwise((x, u) => (u < Math.fround(0.25) ? 0 : x / 0.75)),
      constants: [1],
      batched: [0, 1],
    },
    {
      name: 'whole channels',
      inputs: [of([2, 5, 3, 3]), of([2, 5, 1, 1], 'unit')],
      build: ([x, noise]) => ops.dropout(x, noise, 0.5),
      reference: pointwise((x, u) => (u < 0.5 ? 0 : 2 * x)),
      constants: [1],
    },
    {
      name: 'rate 0 changes nothing',
      inputs: [of([3, 4]), of([3, 4], 'unit')],
      build: ([x, noise]) => ops.dropout(x, noise, 0),
      reference: ([x]) => x,
      constants: [1],
    },
  ],
};
