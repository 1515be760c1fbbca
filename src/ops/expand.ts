import { apply1, broadcast, type Op, type Value } from '../graph/node.ts';
import { fixed, int64, type Shape, sameShape } from '../graph/tensor.ts';

interface Attributes {
  readonly shape: readonly number[];
}

export const expandOp: Op<Attributes> = {
  name: 'expand',
  infer([x], { shape }, fail) {
    const both = broadcast(x.shape, shape);
    if (both === undefined || !sameShape(both, shape))
      return fail(`does not broadcast to [${shape.join(', ')}]`);
    return [{ dtype: x.dtype, shape }];
  },
  emit: ({ attributes: { shape }, inputs, onnx }) => [
    onnx.node('Expand', [inputs[0], onnx.constant('shape', int64(shape))]),
  ],
  // The reverse pass sums it back to the input's shape.
  gradient: ({ outputGradients: [dy] }) => [dy],
};

/** Repeats along axes of size 1 until the shape is reached. */
export function expand(x: Value, shape: Shape): Value {
  return sameShape(x.type.shape, shape) ? x : apply1(expandOp, [x], { shape: fixed(shape) });
}
