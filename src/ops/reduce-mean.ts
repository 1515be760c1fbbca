import { scalar } from '../graph/leaves.ts';
import { apply1, type Op, type Value } from '../graph/node.ts';
import { fixed, int64, sizeOf } from '../graph/tensor.ts';
import { expand } from './expand.ts';
import { multiply } from './multiply.ts';
import { normaliseAxes, type ReduceAttributes, reducedShape, restoredShape } from './reduce.ts';
import { reshape } from './reshape.ts';

export const reduceMeanOp: Op<ReduceAttributes> = {
  name: 'reduceMean',
  infer: ([x], attributes, fail) => [{ dtype: x.dtype, shape: reducedShape(x.shape, attributes, fail) }],
  emit: ({ attributes: { axes, keepAxes }, inputs, onnx }) => [
    onnx.node('ReduceMean', [inputs[0], onnx.constant('axes', int64(axes))], { keepdims: keepAxes ? 1 : 0 }),
  ],
  gradient({ attributes: { axes }, inputs: [x], outputGradients: [dy] }) {
    if (dy === undefined) return [undefined];
    const shape = fixed(x.type.shape);
    const count = sizeOf(axes.map((axis) => shape[axis]));
    const share = multiply(dy, scalar(1 / count));
    return [expand(reshape(share, restoredShape(shape, axes)), shape)];
  },
};

/** Mean over the axes (all by default). */
export function reduceMean(x: Value, axes?: readonly number[], options: { keepAxes?: boolean } = {}): Value {
  const normal = normaliseAxes(axes, x.type.shape.length);
  return apply1(reduceMeanOp, [x], { axes: normal, keepAxes: options.keepAxes ?? false });
}
