import { apply1, type Emission, notDifferentiable, type Op, type Value } from '../graph/node.ts';
import { fixed, int64, type Shape, sizeOf, tensor } from '../graph/tensor.ts';
import type { PoolAttributes } from './max-pool2d.ts';

interface Attributes extends PoolAttributes {
  readonly inputShape: Shape;
}

export const maxPoolGradientOp: Op<Attributes> = {
  name: 'maxPoolGradient',
  infer: (_, { inputShape }) => [{ dtype: 'float32', shape: inputShape }],
  emit: (emission) => [apart(emission) ? unpooled(emission) : scattered(emission)],
  gradient: notDifferentiable('second derivatives of pooling are not offered'),
};

/** Puts dy [N, C, H', W'] where the maxima of {@link maxPool2d} were: `indices` count through the whole input. */
export function maxPoolGradient(
  dy: Value,
  indices: Value,
  inputShape: Shape,
  attributes: PoolAttributes,
): Value {
  return apply1(maxPoolGradientOp, [dy, indices], { ...attributes, inputShape });
}

/** Whether no windows touch and none reaches over the picture's end, which MaxUnpool refuses. */
function apart({ attributes, inputTypes }: Emission<Attributes>): boolean {
  const { kernel, stride, dilation, pads, inputShape } = attributes;
  return [0, 1].every((axis) => {
    const reach = dilation[axis] * (kernel[axis] - 1) + 1;
    const last = (fixed(inputTypes[0].shape)[axis + 2] - 1) * stride[axis] - pads[axis];
    return reach <= stride[axis] && pads[axis] === 0 && last + reach <= fixed(inputShape)[axis + 2];
  });
}

/** Windows that do not touch: every element receives at most one gradient. */
function unpooled({ attributes, inputs, onnx }: Emission<Attributes>): string {
  const { kernel, stride, inputShape } = attributes;
  const shape = onnx.constant('shape', int64(fixed(inputShape)));
  return onnx.node('MaxUnpool', [...inputs, shape], { kernel_shape: [...kernel], strides: [...stride] });
}

/** Overlapping windows: gradients of one element add up. */
function scattered({ attributes, inputs, onnx }: Emission<Attributes>): string {
  const shape = fixed(attributes.inputShape);
  const flat = onnx.constant('shape', int64([-1]));
  const [dy, indices] = inputs.map((name) => onnx.node('Reshape', [name, flat]));
  const zeros = onnx.node('ConstantOfShape', [onnx.constant('size', int64([sizeOf(shape)]))], {
    value: tensor([0], [1]),
  });
  const sum = onnx.node('ScatterElements', [zeros, indices, dy], { axis: 0, reduction: 'add' });
  return onnx.node('Reshape', [sum, onnx.constant('shape', int64(shape))]);
}
