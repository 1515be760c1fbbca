/** Cases of pooling and its gradients. */

import { input } from '../../graph/leaves.ts';
import type { Value } from '../../graph/node.ts';
import { averagePoolGradient } from '../average-pool-gradient.ts';
import * as ops from '../index.ts';
import { maxPoolGradient } from '../max-pool-gradient.ts';
import { type PoolOptions, poolAttributes } from '../max-pool2d.ts';
import { type Array64, array, type Case, type CaseTable, eachIndex, of, offset } from './case.ts';

interface Shape {
  name: string;
  x: number[];
  options: PoolOptions;
}

const shapes: Shape[] = [
  { name: '2x2 (Meso-4)', x: [2, 3, 6, 8], options: { kernel: 2 } },
  { name: '4x4, last rows dropped', x: [1, 2, 9, 11], options: { kernel: 4 } },
  { name: '2x2 same, odd (Keras)', x: [3, 2, 5, 7], options: { kernel: 2, padding: 'same' } },
  { name: '3x3 stride 2 (FCN)', x: [2, 3, 9, 8], options: { kernel: 3, stride: 2 } },
  {
    name: '3x3 stride 2, padding 1 (ResNet)',
    x: [2, 2, 8, 7],
    options: { kernel: 3, stride: 2, padding: 1 },
  },
  {
    name: '3x3 stride 2, same (Xception)',
    x: [1, 2, 8, 9],
    options: { kernel: 3, stride: 2, padding: 'same' },
  },
  { name: '3x3 stride 1', x: [2, 2, 5, 5], options: { kernel: 3, stride: 1, padding: 1 } },
  { name: '5x5 stride 2', x: [2, 2, 9, 9], options: { kernel: 5, stride: 2, padding: 2 } },
  { name: '1x2 stride 2x3', x: [2, 2, 6, 8], options: { kernel: [1, 2], stride: [2, 3] } },
  { name: 'whole picture', x: [3, 2, 4, 4], options: { kernel: 4 } },
];

/** The attributes do not depend on the values, only on the picture's size. */
const attributesOf = ({ x, options }: Shape) => poolAttributes(input('shape only', x), options);

/** For every window, the indices of the input's elements inside. */
function windows(shape: Shape): { dims: number[]; members: number[][] } {
  const { kernel, stride, pads } = attributesOf(shape);
  const [n, channels, height, width] = shape.x;
  const size = (axis: 0 | 1, whole: number) =>
    Math.floor((whole + pads[axis] + pads[axis + 2] - kernel[axis]) / stride[axis]) + 1;
  const dims = [n, channels, size(0, height), size(1, width)];
  const members: number[][] = [];
  eachIndex(dims, ([b, c, p, q]) => {
    const inside: number[] = [];
    for (let i = 0; i < kernel[0]; i++) {
      for (let j = 0; j < kernel[1]; j++) {
        const [row, column] = [p * stride[0] + i - pads[0], q * stride[1] + j - pads[1]];
        if (row < 0 || column < 0 || row >= height || column >= width) continue;
        inside.push(offset(shape.x, [b, c, row, column]));
      }
    }
    members.push(inside);
  });
  return { dims, members };
}

function pooled(shape: Shape, f: (values: number[]) => number): (inputs: readonly Array64[]) => Array64 {
  const { dims, members } = windows(shape);
  return ([x]) =>
    array(
      dims,
      members.map((inside) => f(inside.map((i) => x.data[i]))),
    );
}

const maximum: Case[] = shapes.map((shape) => ({
  name: shape.name,
  inputs: [of(shape.x, 'distinct')],
  build: ([x]: readonly Value[]) => ops.maxPool2d(x, shape.options),
  reference: pooled(shape, (values) => Math.max(...values)),
  batched: [0],
}));

/** Each window's dy goes to one given element; elements in several windows add up. */
const maximumGradient: Case[] = shapes.map((shape) => {
  const { dims, members } = windows(shape);
  const firsts = (x: Array64) =>
    members.map((inside) => inside.reduce((best, i) => (x.data[i] > x.data[best] ? i : best)));
  return {
    // Many ties: the first maximum of a window, row by row, takes all.
    name: `${shape.name}, with ties`,
    inputs: [of(dims), of(shape.x, 'coarse')],
    build: ([dy, x]) => {
      const { node } = ops.maxPool2d(x, shape.options);
      return maxPoolGradient(dy, node.outputs[1], shape.x, attributesOf(shape));
    },
    reference: ([dy, x]) => {
      const dx = array(shape.x);
      for (const [w, at] of firsts(x).entries()) dx.data[at] += dy.data[w];
      return dx;
    },
    constants: [1],
  };
});

const averages = [true, false].flatMap((countPadding) =>
  shapes
    .filter(({ options }) => countPadding || (options.padding ?? 0) !== 0)
    .map((shape) => {
      const { kernel } = attributesOf(shape);
      const whole = kernel[0] * kernel[1];
      const count = (inside: number) => (countPadding ? whole : inside);
      return {
        shape,
        countPadding,
        count,
        name: `${shape.name}${countPadding ? '' : ', padding not counted'}`,
      };
    }),
);

const average: Case[] = averages.map(({ shape, countPadding, count, name }) => ({
  name,
  inputs: [of(shape.x)],
  build: ([x]) => ops.averagePool2d(x, { ...shape.options, countPadding }),
  reference: pooled(shape, (values) => values.reduce((a, b) => a + b, 0) / count(values.length)),
  batched: [0],
}));

const averageGradient: Case[] = averages.map(({ shape, countPadding, count, name }) => {
  const { dims, members } = windows(shape);
  return {
    name,
    inputs: [of(dims)],
    build: ([dy]) => averagePoolGradient(dy, shape.x, { ...attributesOf(shape), countPadding }),
    reference: ([dy]) => {
      const dx = array(shape.x);
      for (const [w, inside] of members.entries()) {
        for (const i of inside) dx.data[i] += dy.data[w] / count(inside.length);
      }
      return dx;
    },
  };
});

export const poolingCases: CaseTable = {
  maxPool2d: maximum,
  maxPoolGradient: maximumGradient,
  averagePool2d: average,
  averagePoolGradient: averageGradient,
};
