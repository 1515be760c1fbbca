import { apply1, type Emission, notDifferentiable, type Op, type Value } from '../graph/node.ts';
import { fixed, int64, type Shape } from '../graph/tensor.ts';
import type { ConvolutionAttributes } from './convolution-shape.ts';
import { blocked } from './convolve.ts';
import { weightGradientChoice } from './emission-choice.ts';
import { unfold } from './unfold.ts';

interface Attributes extends ConvolutionAttributes {
  readonly kernelShape: Shape;
}

export const convWeightGradientOp: Op<Attributes> = {
  name: 'convWeightGradient',
  infer: (_, { kernelShape }) => [{ dtype: 'float32', shape: kernelShape }],
  emit(emission) {
    const { attributes, inputTypes, channelBlock } = emission;
    const { groups, pads, stride, dilation, kernelShape } = attributes;
    const [filters, channels, ...kernel] = fixed(kernelShape);
    const [batch, , ...output] = fixed(inputTypes[1].shape);
    const depthwise = channels === 1 && filters === groups && groups > 1;
    // Reordering wants channels in fours.
    if (depthwise && channelBlock !== undefined && (batch * groups) % 4 === 0) return [correlated(emission)];
    const { unfold: way, merge } = weightGradientChoice(
      {
        batch,
        channels,
        filters: filters / groups,
        kernel: [kernel[0], kernel[1]],
        output: [output[0], output[1]],
        stride,
        dilation,
      },
      pads.some((p) => p > 0),
    );
    return [way === 'split' ? splitTaps(emission, merge) : allTaps(emission, way === 'whole', merge)];
  },
  gradient: notDifferentiable('second derivatives of convolutions are not offered'),
};

/**
 * Gradient of `conv2d` with respect to its kernel: pictures [N, C, H, W] and dy [N, O, H', W'] give the kernel's shape.
 */
export function convWeightGradient(
  x: Value,
  dy: Value,
  kernelShape: Shape,
  attributes: ConvolutionAttributes,
): Value {
  return apply1(convWeightGradientOp, [x, dy], { ...attributes, kernelShape });
}

/** im2col: [O, P] x [C h w, P]ᵀ a picture and group, or the other way round, summed over pictures. */
function allTaps(emission: Emission<Attributes>, unfolds: boolean, merge: boolean): string {
  const { attributes, inputs, inputTypes, onnx } = emission;
  const { stride, dilation, pads, kernelShape, groups } = attributes;
  const [filters, channels, height, width] = fixed(kernelShape);
  const [n, all, ...picture] = fixed(inputTypes[0].shape);
  const [, , rows, columns] = fixed(inputTypes[1].shape);
  const taps = unfolds
    ? unfold(onnx, inputs[0], [n * all, picture[0], picture[1]], {
        taps: [height, width],
        stride,
        dilation,
        pads,
      })
    : inputs[0];
  const [a, b] = [filters / groups, channels * height * width];
  const pixels = rows * columns;
  const kernelOf = (name: string) =>
    onnx.node('Reshape', [name, onnx.constant('shape', int64([filters, channels, height, width]))]);
  // The second factor is packed, transposed: let it be the smaller one, unless the product is the larger thing to turn.
  if (merge || a >= b) {
    return kernelOf(multiplied(emission, inputs[1], filters, taps, groups * b, pixels, merge));
  }
  const turned = multiplied(emission, taps, groups * b, inputs[1], filters, pixels, merge);
  return kernelOf(onnx.node('Transpose', [turned], { perm: [0, 2, 1] }));
}

/**
 * dw[i, j] = Σ dy[p, q] x[s p + d i, s q + d j]. Put i = s m + a: the copies of x for (a, j), on the rows s p + a and
 * the columns s q + d j, times the copies of dy that are moved down by m rows. With stride 1, a = 0 and m = i.
 */
function splitTaps(emission: Emission<Attributes>, merge: boolean): string {
  const { attributes, inputs, inputTypes, onnx } = emission;
  const { stride, dilation, pads, kernelShape, groups } = attributes;
  const [filters, channels, height, width] = fixed(kernelShape);
  const [n, all, pictureRows, pictureColumns] = fixed(inputTypes[0].shape);
  const [, , rows, columns] = fixed(inputTypes[1].shape);
  const [step] = stride;
  const [top, left] = pads;
  const shifts = Math.ceil(height / step);
  const down = (shifts - 1) * dilation[0];
  // Rows in steps of the stride: enough for the lowest copy of dy, and for all of the picture.
  const room = Math.max(rows + down, Math.floor((pictureRows + top) / step));
  const reach = (columns - 1) * stride[1] + dilation[1] * (width - 1) + 1;
  const views = unfold(onnx, inputs[0], [n * all, pictureRows, pictureColumns], {
    taps: [step, width],
    stride,
    dilation: [1, dilation[1]],
    pads: [
      top,
      left,
      Math.max(0, room * step - pictureRows - top),
      Math.max(0, reach - pictureColumns - left),
    ],
  });
  const moved = unfold(onnx, inputs[1], [n * filters, rows, columns], {
    taps: [shifts, 1],
    stride: [1, 1],
    dilation: [dilation[0], 1],
    pads: [down, 0, room - rows, 0],
    backwards: true,
  });
  const pixels = room * columns;
  const product = multiplied(emission, moved, filters * shifts, views, all * step * width, pixels, merge);
  // [g, O, m, C, a, j] → [O, C, m, a, j], whose (m, a) is the kernel's row.
  const apart = [groups, filters / groups, shifts, channels, step, width];
  const turned = onnx.node(
    'Transpose',
    [onnx.node('Reshape', [product, onnx.constant('shape', int64(apart))])],
    { perm: [0, 1, 3, 2, 4, 5] },
  );
  const kernel = onnx.node('Reshape', [
    turned,
    onnx.constant('shape', int64([filters, channels, shifts * step, width])),
  ]);
  if (shifts * step === height) return kernel;
  const [from, to, axis] = [0, height, 2].map((value) => onnx.constant('range', int64([value])));
  return onnx.node('Slice', [kernel, from, to, axis]);
}

/**
 * Depthwise: every picture's channel is correlated with its own dy, as a blocked convolution in N C groups whose
 * kernels are the dys, and whose step and dilation have changed places. Six times faster than products of unfolded
 * planes. A channel a group is the one case in which kernels are blocked as pictures are.
 */
function correlated({
  attributes,
  inputs,
  inputTypes,
  channelBlock = 1,
  onnx,
}: Emission<Attributes>): string {
  const { stride, dilation, pads, kernelShape } = attributes;
  const [n, channels, ...picture] = fixed(inputTypes[0].shape);
  const [, , ...output] = fixed(inputTypes[1].shape);
  const kernel = fixed(kernelShape).slice(2);
  const planes = n * channels;
  const whole = Math.ceil(planes / channelBlock) * channelBlock;
  const reshaped = (name: string, shape: readonly number[]) =>
    onnx.node('Reshape', [name, onnx.constant('shape', int64(shape))]);
  const blocks = (name: string, size: readonly number[]) =>
    onnx.node('ReorderInput', [reshaped(name, [1, planes, ...size])], {}, blocked);
  const correlation = onnx.node(
    'Conv',
    [blocks(inputs[0], picture), reshaped(blocks(inputs[1], output), [whole, 1, ...output])],
    {
      strides: [...dilation],
      dilations: [...stride],
      pads: [...pads],
      kernel_shape: [...output],
      group: whole,
    },
    blocked,
  );
  let taps = onnx.node('ReorderOutput', [correlation], { channels: planes }, blocked);
  const found = [0, 1].map((axis) => {
    const room = picture[axis] + pads[axis] + pads[axis + 2] - stride[axis] * (output[axis] - 1) - 1;
    return Math.floor(room / dilation[axis]) + 1;
  });
  // Strides leave pixels over at the end, which look like further taps.
  if (found.some((count, axis) => count > kernel[axis])) {
    const range = [[0, 0], kernel, [2, 3]].map((values) => onnx.constant('range', int64(values)));
    taps = onnx.node('Slice', [taps, ...range]);
  }
  const apart = reshaped(taps, [n, channels, 1, ...kernel]);
  return onnx.node('ReduceSum', [apart, onnx.constant('axes', int64([0]))], { keepdims: 0 });
}

/** [N, g, A, P] x [N, g, B, P]ᵀ, summed over N: [g, A, B] or, with one group, [A, B] in other words. */
function multiplied(
  { attributes: { groups }, inputTypes, onnx }: Emission<Attributes>,
  a: string,
  aRows: number,
  b: string,
  bRows: number,
  pixels: number,
  merge: boolean,
): string {
  const [n] = fixed(inputTypes[0].shape);
  const reshaped = (name: string, shape: readonly number[]) =>
    onnx.node('Reshape', [name, onnx.constant('shape', int64(shape))]);
  const factor = (name: string, rows: number) => {
    if (!merge) return reshaped(name, [n, groups, rows / groups, pixels]);
    const turned = onnx.node('Transpose', [reshaped(name, [n, rows, pixels])], { perm: [1, 0, 2] });
    return reshaped(turned, [groups, rows / groups, n * pixels]);
  };
  const product = onnx.node(
    'FusedMatMul',
    [factor(a, aRows), factor(b, bRows)],
    { transB: 1 },
    'com.microsoft',
  );
  if (merge) return product;
  return onnx.node('ReduceSum', [product, onnx.constant('axes', int64([0]))], { keepdims: 0 });
}
