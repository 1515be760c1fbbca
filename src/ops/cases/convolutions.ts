/** Cases of convolution, its transpose and its gradients. */
import { convInputGradient } from '../conv-input-gradient.ts';
import { convWeightGradient } from '../conv-weight-gradient.ts';
import { type ConvolutionAttributes, pair, windowAttributes } from '../convolution-shape.ts';
import * as ops from '../index.ts';
import { type Array64, array, type Case, type CaseTable, of } from './case.ts';

type Options = Omit<ops.ConvolutionOptions, 'bias'>;

/** Every three elements that meet in a convolution of [N, C, H, W] with [O, C/g, h, w], by their positions. */
function eachTap(
  input: readonly number[],
  kernel: readonly number[],
  output: readonly number[],
  { stride, dilation, pads, groups }: ConvolutionAttributes,
  visit: (output: number, kernel: number, input: number) => void,
): void {
  const [out, perGroup, height, width] = kernel;
  for (let n = 0; n < output[0]; n++)
    for (let o = 0; o < out; o++)
      for (let c = 0; c < perGroup; c++) {
        const plane = n * input[1] + Math.floor(o / (out / groups)) * perGroup + c;
        for (let p = 0; p < output[2]; p++)
          for (let i = 0; i < height; i++) {
            const row = p * stride[0] + i * dilation[0] - pads[0];
            if (row < 0 || row >= input[2]) continue;
            for (let q = 0; q < output[3]; q++)
              for (let j = 0; j < width; j++) {
                const column = q * stride[1] + j * dilation[1] - pads[1];
                if (column < 0 || column >= input[3]) continue;
                visit(
                  ((n * out + o) * output[2] + p) * output[3] + q,
                  ((o * perGroup + c) * height + i) * width + j,
                  (plane * input[2] + row) * input[3] + column,
                );
              }
          }
      }
}

export function outputDims(
  x: readonly number[],
  w: readonly number[],
  attributes: ConvolutionAttributes,
): number[] {
  const { stride, dilation, pads } = attributes;
  const picture = [0, 1].map((axis) => {
    const room = x[axis + 2] + pads[axis] + pads[axis + 2] - dilation[axis] * (w[axis + 2] - 1) - 1;
    return Math.floor(room / stride[axis]) + 1;
  });
  return [x[0], w[0], ...picture];
}

export function attributesOf(
  x: readonly number[],
  w: readonly number[],
  { groups = 1, ...options }: Options,
) {
  return { ...windowAttributes([w[2], w[3]], [x[2], x[3]], options), groups };
}

function convolved(x: Array64, w: Array64, attributes: ConvolutionAttributes, bias?: Array64): Array64 {
  const y = array(outputDims(x.dims, w.dims, attributes));
  eachTap(x.dims, w.dims, y.dims, attributes, (output, kernel, input) => {
    y.data[output] += x.data[input] * w.data[kernel];
  });
  const pixels = y.dims[2] * y.dims[3];
  for (let i = 0; bias && i < y.data.length; i++) y.data[i] += bias.data[Math.floor(i / pixels) % y.dims[1]];
  return y;
}

export interface Shape {
  name: string;
  x: number[];
  w: number[];
  options: Options;
}

/** Shapes of the networks of the five documents, small, and what lies between them. */
export const shapes: readonly Shape[] = [
  { name: '3x3 same (Meso-4, first)', x: [2, 3, 8, 8], w: [4, 3, 3, 3], options: { padding: 'same' } },
  { name: '5x5 same', x: [1, 4, 7, 6], w: [3, 4, 5, 5], options: { padding: 'same' } },
  { name: '1x1', x: [3, 4, 5, 5], w: [6, 4, 1, 1], options: {} },
  { name: '1x1, more channels than pixels', x: [2, 16, 2, 3], w: [14, 16, 1, 1], options: {} },
  { name: '1x1 stride 2', x: [2, 4, 7, 8], w: [3, 4, 1, 1], options: { stride: 2 } },
  { name: '1x1 padded', x: [2, 2, 3, 3], w: [3, 2, 1, 1], options: { padding: 1 } },
  { name: '3x3 valid (FCN)', x: [2, 3, 9, 7], w: [4, 3, 3, 3], options: {} },
  { name: '3x3 stride 2 (ResNet)', x: [2, 3, 8, 8], w: [4, 3, 3, 3], options: { stride: 2, padding: 1 } },
  { name: '3x3 stride 2, odd', x: [2, 3, 9, 7], w: [4, 3, 3, 3], options: { stride: 2, padding: 1 } },
  { name: '3x3 stride 2, rows left over', x: [1, 2, 8, 10], w: [3, 2, 3, 3], options: { stride: 2 } },
  { name: '7x7 stride 2 (FN3)', x: [2, 3, 12, 13], w: [4, 3, 7, 7], options: { stride: 2, padding: 3 } },
  {
    name: '3x3 stride 2, same (Keras)',
    x: [2, 2, 8, 8],
    w: [3, 2, 3, 3],
    options: { stride: 2, padding: 'same' },
  },
  { name: '3x3 stride 3', x: [1, 2, 11, 10], w: [2, 2, 3, 3], options: { stride: 3, padding: 1 } },
  { name: '2x2 stride 3, gaps', x: [1, 2, 8, 9], w: [2, 2, 2, 2], options: { stride: 3 } },
  {
    name: 'dilation 2 (MesoInception)',
    x: [2, 2, 8, 9],
    w: [3, 2, 3, 3],
    options: { dilation: 2, padding: 'same' },
  },
  { name: 'dilation 3, one channel', x: [3, 1, 9, 9], w: [2, 1, 3, 3], options: { dilation: 3, padding: 3 } },
  {
    name: 'dilation 2, stride 2',
    x: [1, 2, 9, 10],
    w: [2, 2, 3, 3],
    options: { dilation: 2, stride: 2, padding: 2 },
  },
  { name: 'more padding than reach', x: [2, 2, 4, 4], w: [3, 2, 2, 2], options: { padding: 2 } },
  { name: 'uneven padding', x: [2, 2, 6, 5], w: [2, 2, 3, 2], options: { padding: [2, 0, 0, 1] } },
  {
    name: 'uneven stride and kernel',
    x: [2, 2, 9, 8],
    w: [3, 2, 3, 1],
    options: { stride: [2, 1], padding: [1, 0, 1, 0] },
  },
  { name: '2 groups', x: [2, 4, 6, 6], w: [6, 2, 3, 3], options: { groups: 2, padding: 1 } },
  {
    name: '2 groups, stride 2',
    x: [2, 4, 7, 7],
    w: [2, 2, 3, 3],
    options: { groups: 2, padding: 1, stride: 2 },
  },
  { name: 'depthwise (Xception)', x: [2, 5, 6, 7], w: [5, 1, 3, 3], options: { groups: 5, padding: 1 } },
  {
    name: 'depthwise, stride 2',
    x: [3, 4, 8, 7],
    w: [4, 1, 3, 3],
    options: { groups: 4, padding: 1, stride: 2 },
  },
  {
    name: 'depthwise, dilation 2',
    x: [1, 3, 8, 8],
    w: [3, 1, 3, 3],
    options: { groups: 3, padding: 2, dilation: 2 },
  },
  {
    name: 'depthwise, two filters a channel',
    x: [2, 3, 5, 5],
    w: [6, 1, 3, 3],
    options: { groups: 3, padding: 1 },
  },
  { name: 'the kernel fills the picture', x: [3, 2, 4, 4], w: [3, 2, 4, 4], options: {} },
  { name: '16 channels, 3x3', x: [2, 16, 6, 6], w: [16, 16, 3, 3], options: { padding: 1 } },
  {
    name: '16 to 32 channels, 3x3 stride 2',
    x: [2, 16, 13, 12],
    w: [32, 16, 3, 3],
    options: { padding: 1, stride: 2 },
  },
  { name: '3 to 16 channels, 7x7', x: [2, 3, 12, 13], w: [16, 3, 7, 7], options: { padding: 3, stride: 2 } },
  {
    name: '16 to 16 channels, 7x7 stride 2 (FN3)',
    x: [2, 16, 8, 10],
    w: [16, 16, 7, 7],
    options: { padding: 3, stride: 2 },
  },
  {
    name: '16 to 16 channels, 5x5, uneven stride',
    x: [1, 16, 9, 8],
    w: [16, 16, 5, 5],
    options: { padding: [2, 1, 2, 3], stride: [3, 2] },
  },
  { name: '8 to 8 channels, 5x5', x: [2, 8, 8, 7], w: [8, 8, 5, 5], options: { padding: 2 } },
  { name: 'depthwise, 12 channels', x: [2, 12, 5, 6], w: [12, 1, 3, 3], options: { groups: 12, padding: 1 } },
  {
    name: 'depthwise, 16 channels, stride 2',
    x: [3, 16, 8, 7],
    w: [16, 1, 3, 3],
    options: { groups: 16, padding: 1, stride: 2 },
  },
  {
    name: '32 to 16 channels, 3x3 stride 2',
    x: [1, 32, 7, 8],
    w: [16, 32, 3, 3],
    options: { padding: 1, stride: 2 },
  },
];

const forward: Case[] = shapes.map(({ name, x, w, options }) => ({
  name,
  inputs: [of(x), of(w)],
  build: ([picture, kernel]) => ops.conv2d(picture, kernel, options),
  reference: ([picture, kernel]) => convolved(picture, kernel, attributesOf(x, w, options)),
  batched: [0],
}));

const withBias: Case[] = [3, 1].map((n) => ({
  name: `bias, batch ${n}`,
  inputs: [of([n, 2, 5, 5]), of([4, 2, 3, 3]), of([4])],
  build: ([x, w, bias]) => ops.conv2d(x, w, { bias, padding: 1 }),
  reference: ([x, w, bias]) => convolved(x, w, attributesOf(x.dims, w.dims, { padding: 1 }), bias),
  batched: [0],
}));

/** The gradients as operations of their own: the sums over taps that define them. */
const inputGradients: Case[] = shapes.map(({ name, x, w, options }) => {
  const attributes = attributesOf(x, w, options);
  return {
    name,
    inputs: [of(outputDims(x, w, attributes)), of(w)],
    build: ([dy, kernel]) => convInputGradient(dy, kernel, x, attributes),
    reference: ([dy, kernel]) => {
      const dx = array(x);
      eachTap(x, w, dy.dims, attributes, (output, tap, input) => {
        dx.data[input] += dy.data[output] * kernel.data[tap];
      });
      return dx;
    },
  };
});

const weightGradients: Case[] = shapes.map(({ name, x, w, options }) => {
  const attributes = attributesOf(x, w, options);
  return {
    name,
    inputs: [of(x), of(outputDims(x, w, attributes))],
    build: ([picture, dy]) => convWeightGradient(picture, dy, w, attributes),
    reference: ([picture, dy]) => {
      const dw = array(w);
      eachTap(x, w, dy.dims, attributes, (output, tap, input) => {
        dw.data[tap] += dy.data[output] * picture.data[input];
      });
      return dw;
    },
  };
});

type Transposed = Omit<ops.TransposedConvolutionOptions, 'bias' | 'padding'> & { padding?: number };
const transposedShapes: { name: string; x: number[]; w: number[]; options: Transposed; bias?: true }[] = [
  { name: '2x2 stride 2 (UNet)', x: [2, 4, 3, 4], w: [4, 3, 2, 2], options: { stride: 2 }, bias: true },
  {
    name: '3x3 stride 2, output padding',
    x: [2, 2, 4, 3],
    w: [2, 3, 3, 3],
    options: { stride: 2, padding: 1, outputPadding: 1 },
  },
  { name: '3x3 stride 1', x: [1, 2, 4, 5], w: [2, 3, 3, 3], options: { padding: 1 }, bias: true },
  { name: '4x4 stride 2', x: [3, 2, 3, 3], w: [2, 2, 4, 4], options: { stride: 2, padding: 1 } },
  { name: 'groups', x: [2, 4, 3, 3], w: [4, 2, 3, 3], options: { stride: 2, groups: 2 } },
  { name: 'dilation', x: [2, 2, 4, 4], w: [2, 2, 3, 3], options: { dilation: 2, padding: 1 } },
];

const transposed: Case[] = transposedShapes.map(({ name, x, w, options, bias }) => {
  const { padding = 0, groups = 1 } = options;
  const [stride, dilation, rest] = [
    pair(options.stride),
    pair(options.dilation),
    pair(options.outputPadding ?? 0),
  ];
  const attributes = { stride, dilation, groups, pads: [padding, padding, padding, padding] as const };
  const size = (axis: number) =>
    (x[axis + 2] - 1) * stride[axis] + dilation[axis] * (w[axis + 2] - 1) + 1 - 2 * padding + rest[axis];
  const dims = [x[0], w[1] * groups, size(0), size(1)];
  return {
    name,
    inputs: [of(x), of(w), ...(bias ? [of([dims[1]])] : [])],
    build: ([picture, kernel, b]) => ops.convTranspose2d(picture, kernel, { ...options, bias: b }),
    reference: ([picture, kernel, b]) => {
      const y = array(dims);
      eachTap(dims, w, x, attributes, (input, tap, output) => {
        y.data[output] += picture.data[input] * kernel.data[tap];
      });
      const pixels = dims[2] * dims[3];
      for (let i = 0; b && i < y.data.length; i++) y.data[i] += b.data[Math.floor(i / pixels) % dims[1]];
      return y;
    },
    batched: [0],
  };
});

const blockedBias: Case = {
  name: 'bias, 16 to 28 channels',
  inputs: [of([2, 16, 7, 7]), of([28, 16, 3, 3]), of([28])],
  build: ([x, w, bias]) => ops.conv2d(x, w, { bias, padding: 1 }),
  reference: ([x, w, bias]) => convolved(x, w, attributesOf(x.dims, w.dims, { padding: 1 }), bias),
};

export const convolutionCases: CaseTable = {
  conv2d: [...forward, ...withBias, blockedBias],
  convInputGradient: inputGradients,
  convWeightGradient: weightGradients,
  convTranspose2d: transposed,
};
