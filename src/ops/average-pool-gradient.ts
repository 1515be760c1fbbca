import { apply1, type Emission, notDifferentiable, type Op, type Value } from '../graph/node.ts';
import { fixed, int64, type Shape, tensor } from '../graph/tensor.ts';
import type { AverageAttributes } from './average-pool2d.ts';

interface Attributes extends AverageAttributes {
  readonly inputShape: Shape;
}

export const averagePoolGradientOp: Op<Attributes> = {
  name: 'averagePoolGradient',
  infer: (_, { inputShape }) => [{ dtype: 'float32', shape: inputShape }],
  emit(emission) {
    const { kernel, stride, pads, dilation, inputShape } = emission.attributes;
    const [, , height, width] = fixed(inputShape);
    const tiles =
      pads.every((p) => p === 0) &&
      dilation.every((d) => d === 1) &&
      kernel.every((k, axis) => k === stride[axis]) &&
      height % kernel[0] === 0 &&
      width % kernel[1] === 0;
    return [tiles ? repeated(emission) : spread(emission)];
  },
  gradient: notDifferentiable('second derivatives of pooling are not offered'),
};

/** Spreads dy [N, C, H', W'] over the windows of {@link averagePool2d}: gives [N, C, H, W]. */
export function averagePoolGradient(dy: Value, inputShape: Shape, attributes: AverageAttributes): Value {
  return apply1(averagePoolGradientOp, [dy], { ...attributes, inputShape });
}

/** Windows that tile the picture: every share is repeated over its tile. */
function repeated({ attributes, inputs, onnx }: Emission<Attributes>): string {
  const { kernel, inputShape } = attributes;
  const share = onnx.constant('share', tensor([1 / (kernel[0] * kernel[1])], []));
  const scaled = onnx.node('Mul', [inputs[0], share]);
  // Resize, because Expand along inner axes goes element by element (twenty times slower).
  return onnx.node('Resize', [scaled, '', '', onnx.constant('size', int64(fixed(inputShape).slice(2)))], {
    axes: [2, 3],
    mode: 'nearest',
    coordinate_transformation_mode: 'asymmetric',
    nearest_mode: 'floor',
  });
}

/** In general: dy over the windows' counts, spread by a transposed convolution of ones, all channels alike. */
function spread({ attributes, inputs, inputTypes, onnx }: Emission<Attributes>): string {
  const { kernel, stride, pads, dilation, inputShape } = attributes;
  const [n, channels, height, width] = fixed(inputShape);
  const [, , rows, columns] = fixed(inputTypes[0].shape);
  const shares = onnx.constant('shares', tensor(windowShares(attributes, rows, columns), [rows, columns]));
  const pictures = onnx.constant('shape', int64([n * channels, 1, rows, columns]));
  const dy = onnx.node('Reshape', [onnx.node('Mul', [inputs[0], shares]), pictures]);
  const ones = new Float32Array(kernel[0] * kernel[1]).fill(1);
  const rest = [rows, columns].map((size, axis) => {
    const reached = (size - 1) * stride[axis] + dilation[axis] * (kernel[axis] - 1) + 1;
    return [height, width][axis] - (reached - pads[axis] - pads[axis + 2]);
  });
  const dx = onnx.node('ConvTranspose', [dy, onnx.constant('ones', tensor(ones, [1, 1, ...kernel]))], {
    strides: [...stride],
    pads: [...pads],
    dilations: [...dilation],
    output_padding: rest,
  });
  return onnx.node('Reshape', [dx, onnx.constant('shape', int64([n, channels, height, width]))]);
}

/** 1 / count of every window. Where padding does not count, windows at the border have fewer elements. */
function windowShares(attributes: Attributes, rows: number, columns: number): Float32Array {
  const { kernel, stride, pads, dilation, inputShape, countPadding } = attributes;
  const inside = (index: number, axis: 0 | 1) => {
    if (countPadding) return kernel[axis];
    const size = fixed(inputShape)[axis + 2];
    const first = index * stride[axis] - pads[axis];
    return Array.from({ length: kernel[axis] }, (_, k) => first + k * dilation[axis]).filter(
      (at) => at >= 0 && at < size,
    ).length;
  };
  return Float32Array.from(
    { length: rows * columns },
    (_, i) => 1 / (inside(Math.floor(i / columns), 0) * inside(i % columns, 1)),
  );
}
