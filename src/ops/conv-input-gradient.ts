import { apply1, type Emission, notDifferentiable, type Op, type Value } from '../graph/node.ts';
import { fixed, int64, type Shape } from '../graph/tensor.ts';
import type { ConvolutionAttributes } from './convolution-shape.ts';
import { convolve } from './convolve.ts';
import { turnsKernel } from './emission-choice.ts';
import { phasedGradient } from './phased-gradient.ts';

interface Attributes extends ConvolutionAttributes {
  /** Shape of the convolution's input, which strides make ambiguous from the output alone. */
  readonly inputShape: Shape;
}

export const convInputGradientOp: Op<Attributes> = {
  name: 'convInputGradient',
  infer: (_, { inputShape }) => [{ dtype: 'float32', shape: inputShape }],
  emit(emission) {
    const { stride, dilation, pads, groups } = emission.attributes;
    const [filters, channels, ...kernel] = fixed(emission.inputTypes[1].shape);
    const [batch, , ...output] = fixed(emission.inputTypes[0].shape);
    // Flipped pads are d(k - 1) - p; a convolution cannot crop, so negative ones go the transposed way.
    const fits = [0, 1, 2, 3].every((side) => dilation[side % 2] * (kernel[side % 2] - 1) >= pads[side]);
    const turns = turnsKernel({
      batch,
      channels,
      filters: filters / groups,
      kernel: [kernel[0], kernel[1]],
      output: [output[0], output[1]],
      stride,
      dilation,
    });
    if (turns && fits) return [flippedConvolution(emission)];
    return [phasedGradient(emission) ?? transposed(emission)];
  },
  gradient: notDifferentiable('second derivatives of convolutions are not offered'),
};

/** Gradient of `conv2d` with respect to its input: [N, O, H', W'] and the kernel give [N, C, H, W]. */
export function convInputGradient(
  dy: Value,
  w: Value,
  inputShape: Shape,
  attributes: ConvolutionAttributes,
): Value {
  return apply1(convInputGradientOp, [dy, w], { ...attributes, inputShape });
}

/** Stride 1: a convolution of dy with the kernel turned by 180° and its channels swapped. About twice as fast. */
function flippedConvolution(emission: Emission<Attributes>): string {
  const { attributes, inputs, inputTypes, channelBlock, onnx } = emission;
  const { dilation, pads, groups, inputShape } = attributes;
  const [out, perGroup, height, width] = inputTypes[1].shape as readonly number[];
  const [dy, w] = inputs;
  let flipped = w;
  if (height > 1 || width > 1) {
    const low = -(2 ** 31);
    flipped = onnx.node('Slice', [
      flipped,
      onnx.constant('starts', int64([height - 1, width - 1])),
      onnx.constant('ends', int64([low, low])),
      onnx.constant('axes', int64([2, 3])),
      onnx.constant('steps', int64([-1, -1])),
    ]);
  }
  if (groups === 1) {
    flipped = onnx.node('Transpose', [flipped], { perm: [1, 0, 2, 3] });
  } else {
    const split = onnx.constant('shape', int64([groups, out / groups, perGroup, height, width]));
    const joined = onnx.constant('shape', int64([groups * perGroup, out / groups, height, width]));
    const swapped = onnx.node('Transpose', [onnx.node('Reshape', [flipped, split])], {
      perm: [0, 2, 1, 3, 4],
    });
    flipped = onnx.node('Reshape', [swapped, joined]);
  }
  const reach = [dilation[0] * (height - 1), dilation[1] * (width - 1)];
  const [batch, channels, rows, columns] = fixed(inputShape);
  return convolve(onnx, channelBlock, {
    x: dy,
    kernel: flipped,
    window: {
      stride: [1, 1],
      dilation,
      pads: [reach[0] - pads[0], reach[1] - pads[1], reach[0] - pads[2], reach[1] - pads[3]],
    },
    groups,
    channels: out,
    filters: channels,
    size: [height, width],
    output: [batch, rows, columns],
  });
}

function transposed({ attributes, inputs, inputTypes, onnx }: Emission<Attributes>): string {
  const { stride, dilation, pads, groups, inputShape } = attributes;
  const kernel = inputTypes[1].shape.slice(2) as number[];
  const rest = [0, 1].map((axis) => {
    const rows = inputTypes[0].shape[axis + 2] as number;
    const reached = (rows - 1) * stride[axis] + dilation[axis] * (kernel[axis] - 1) + 1;
    // Rows of the input that no window touched: their gradient is zero, and the transposed one must know of them.
    return (inputShape[axis + 2] as number) - (reached - pads[axis] - pads[axis + 2]);
  });
  return onnx.node('ConvTranspose', inputs, {
    strides: [...stride],
    pads: [...pads],
    dilations: [...dilation],
    output_padding: rest,
    group: groups,
  });
}
