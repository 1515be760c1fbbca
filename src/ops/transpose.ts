import { apply1, type Op, type Value } from '../graph/node.ts';

interface Attributes {
  /** Axis i of the result is axis order[i] of the input. */
  readonly order: readonly number[];
}

export const transposeOp: Op<Attributes> = {
  name: 'transpose',
  infer([x], { order }, fail) {
    const sorted = [...order].sort((a, b) => a - b);
    if (sorted.length !== x.shape.length || sorted.some((axis, i) => axis !== i)) {
      return fail(`[${order.join(', ')}] is no order of its axes`);
    }
    return [{ dtype: x.dtype, shape: order.map((axis) => x.shape[axis]) }];
  },
  emit: ({ attributes: { order }, inputs, onnx }) => [onnx.node('Transpose', inputs, { perm: [...order] })],
  gradient: ({ attributes: { order }, outputGradients: [dy] }) => [
    dy &&
      transpose(
        dy,
        order.map((_, axis) => order.indexOf(axis)),
      ),
  ],
};

/** Axes in another order: axis i of the result is axis order[i] of x. */
export function transpose(x: Value, order: readonly number[]): Value {
  return apply1(transposeOp, [x], { order });
}
