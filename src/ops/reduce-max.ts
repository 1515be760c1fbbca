import { apply1, type Op, type Value } from '../graph/node.ts';
import { int64 } from '../graph/tensor.ts';
import { cast } from './cast.ts';
import { divide } from './divide.ts';
import { equal } from './equal.ts';
import { multiply } from './multiply.ts';
import { normaliseAxes, type ReduceAttributes, reducedShape, restoredShape } from './reduce.ts';
import { reduceSum } from './reduce-sum.ts';
import { reshape } from './reshape.ts';

export const reduceMaxOp: Op<ReduceAttributes> = {
  name: 'reduceMax',
  infer: ([x], attributes, fail) => [{ dtype: x.dtype, shape: reducedShape(x.shape, attributes, fail) }],
  emit: ({ attributes: { axes, keepAxes }, inputs, onnx }) => [
    onnx.node('ReduceMax', [inputs[0], onnx.constant('axes', int64(axes))], { keepdims: keepAxes ? 1 : 0 }),
  ],
  // Ties share evenly: of the subgradients, the one that does not depend on the order of elements.
  gradient({ attributes: { axes }, inputs: [x], outputs: [y], outputGradients: [dy] }) {
    if (dy === undefined) return [undefined];
    const kept = restoredShape(x.type.shape, axes);
    const winners = cast(equal(x, reshape(y, kept)), 'float32');
    const share = divide(reshape(dy, kept), reduceSum(winners, axes, { keepAxes: true }));
    return [multiply(winners, share)];
  },
};

/** Maximum over the axes (all by default). Its gradient is shared evenly among ties. */
export function reduceMax(x: Value, axes?: readonly number[], options: { keepAxes?: boolean } = {}): Value {
  const normal = normaliseAxes(axes, x.type.shape.length);
  return apply1(reduceMaxOp, [x], { axes: normal, keepAxes: options.keepAxes ?? false });
}
