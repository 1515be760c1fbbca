import { apply1, type Op, type Value } from '../graph/node.ts';
import { fixed, int64 } from '../graph/tensor.ts';
import { expand } from './expand.ts';
import { normaliseAxes, type ReduceAttributes, reducedShape, restoredShape } from './reduce.ts';
import { reshape } from './reshape.ts';

export const reduceSumOp: Op<ReduceAttributes> = {
  name: 'reduceSum',
  infer: ([x], attributes, fail) => [{ dtype: x.dtype, shape: reducedShape(x.shape, attributes, fail) }],
  emit: ({ attributes: { axes, keepAxes }, inputs, onnx }) => [
    onnx.node('ReduceSum', [inputs[0], onnx.constant('axes', int64(axes))], { keepdims: keepAxes ? 1 : 0 }),
  ],
  gradient({ attributes, inputs: [x], outputGradients: [dy] }) {
    if (dy === undefined) return [undefined];
    const shape = fixed(x.type.shape);
    return [expand(reshape(dy, fixed(restoredShape(shape, attributes.axes))), shape)];
  },
};

/** Sum over the axes (all by default). */
export function reduceSum(x: Value, axes?: readonly number[], options: { keepAxes?: boolean } = {}): Value {
  const normal = normaliseAxes(axes, x.type.shape.length);
  return apply1(reduceSumOp, [x], { axes: normal, keepAxes: options.keepAxes ?? false });
}
