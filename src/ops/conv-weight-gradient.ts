import { apply1, type Emission, notDifferentiable, type Op, type Value } from '../graph/node.ts';
import { fixed, int64, type Shape } from '../graph/tensor.ts';
import type { ConvolutionAttributes } from './convolution-shape.ts';

interface Attributes extends ConvolutionAttributes {
  readonly kernelShape: Shape;
}

export const convWeightGradientOp: Op<Attributes> = {
  name: 'convWeightGradient',
  infer: (_, { kernelShape }) => [{ dtype: 'float32', shape: kernelShape }],
  emit(emission) {
    const { groups, kernelShape } = emission.attributes;
    if (groups === 1) return [unfolded(emission)];
    return [kernelShape[1] === 1 && kernelShape[0] === groups ? depthwise(emission) : grouped(emission)];
  },
  gradient: notDifferentiable('second derivatives of convolutions are not offered'),
};

/** Gradient of `conv2d` with respect to its kernel: pictures [N, C, H, W] and dy [N, O, H', W'] give the kernel's shape. */
export function convWeightGradient(
  x: Value,
  dy: Value,
  kernelShape: Shape,
  attributes: ConvolutionAttributes,
): Value {
  return apply1(convWeightGradientOp, [x, dy], { ...attributes, kernelShape });
}

/**
 * im2col: the k x k shifted views of the picture are stacked as channels, and one matrix product a picture
 * with dy gives all taps at once: [N, O, P] x [N, C k k, P]ᵀ, summed over N.
 */
function unfolded(emission: Emission<Attributes>): string {
  const { inputs, inputTypes, attributes, onnx } = emission;
  const [n, out, rows, columns] = fixed(inputTypes[1].shape);
  const [, channels, height, width] = fixed(attributes.kernelShape);
  const pixels = rows * columns;
  const views = shiftedViews(emission);
  const stacked = views.length === 1 ? views[0] : onnx.node('Concat', views, { axis: 1 });
  const x = onnx.node('Reshape', [
    stacked,
    onnx.constant('shape', int64([n, views.length * channels, pixels])),
  ]);
  const dy = onnx.node('Reshape', [inputs[1], onnx.constant('shape', int64([n, out, pixels]))]);
  const products = onnx.node('FusedMatMul', [dy, x], { transB: 1 }, 'com.microsoft');
  const sum = onnx.node('ReduceSum', [products, onnx.constant('axes', int64([0]))], { keepdims: 0 });
  // Taps are the slow axis of the stack: [O, h, w, C] until turned.
  const taps = onnx.node('Reshape', [sum, onnx.constant('shape', int64([out, height, width, channels]))]);
  return onnx.node('Transpose', [taps], { perm: [0, 3, 1, 2] });
}

/** One channel a filter: the product of the shifted picture with dy, summed over pictures and pixels, tap by tap. */
function depthwise(emission: Emission<Attributes>): string {
  const { inputs, attributes, onnx } = emission;
  const axes = onnx.constant('axes', int64([0, 2, 3]));
  const taps = shiftedViews(emission).map((view) =>
    onnx.node('ReduceSum', [onnx.node('Mul', [view, inputs[1]]), axes], { keepdims: 0 }),
  );
  const [channels, , height, width] = fixed(attributes.kernelShape);
  const lifted = taps.map((tap) => onnx.node('Unsqueeze', [tap, onnx.constant('axes', int64([1]))]));
  const joined = lifted.length === 1 ? lifted[0] : onnx.node('Concat', lifted, { axis: 1 });
  return onnx.node('Reshape', [joined, onnx.constant('shape', int64([channels, 1, height, width]))]);
}

/** General groups: the plain gradient of each group's slice, joined. */
function grouped({ inputs, inputTypes, attributes, onnx }: Emission<Attributes>): string {
  const { groups, kernelShape } = attributes;
  const part = (name: string, channels: number) =>
    onnx.nodes(
      'Split',
      [name, onnx.constant('split', int64(Array(groups).fill(channels / groups)))],
      groups,
      { axis: 1 },
    );
  const [xs, dys] = [0, 1].map((i) => part(inputs[i], fixed(inputTypes[i].shape)[1]));
  const typeOf = (i: number) => {
    const [n, channels, ...picture] = fixed(inputTypes[i].shape);
    return { dtype: 'float32' as const, shape: [n, channels / groups, ...picture] };
  };
  const [out, ...rest] = fixed(kernelShape);
  const pieces = xs.map((x, g) =>
    unfolded({
      attributes: { ...attributes, groups: 1, kernelShape: [out / groups, ...rest] },
      inputs: [x, dys[g]],
      inputTypes: [typeOf(0), typeOf(1)],
      outputTypes: [],
      used: [true],
      onnx,
    }),
  );
  return onnx.node('Concat', pieces, { axis: 0 });
}

/** For each tap of the kernel, the pixels that it saw: [N, C, H', W'] a tap, row by row of the kernel. */
function shiftedViews({ inputs, inputTypes, attributes, onnx }: Emission<Attributes>): string[] {
  const { stride, dilation, pads, kernelShape } = attributes;
  const [, , height, width] = fixed(kernelShape);
  const [, , rows, columns] = fixed(inputTypes[1].shape);
  const [top, left, bottom, right] = pads;
  const padded = pads.some((p) => p > 0)
    ? onnx.node('Pad', [inputs[0], onnx.constant('pads', int64([0, 0, top, left, 0, 0, bottom, right]))])
    : inputs[0];
  const [, , pictureRows, pictureColumns] = fixed(inputTypes[0].shape);
  const whole =
    height === 1 &&
    width === 1 &&
    stride[0] === 1 &&
    stride[1] === 1 &&
    rows === pictureRows + top + bottom &&
    columns === pictureColumns + left + right;
  if (whole) return [padded];
  const views: string[] = [];
  for (let i = 0; i < height; i++) {
    for (let j = 0; j < width; j++) {
      const from = [i * dilation[0], j * dilation[1]];
      const to = [from[0] + (rows - 1) * stride[0] + 1, from[1] + (columns - 1) * stride[1] + 1];
      views.push(
        onnx.node('Slice', [
          padded,
          onnx.constant('starts', int64(from)),
          onnx.constant('ends', int64(to)),
          onnx.constant('axes', int64([2, 3])),
          onnx.constant('steps', int64([...stride])),
        ]),
      );
    }
  }
  return views;
}
