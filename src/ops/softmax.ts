import { apply1, type Op, type Value } from '../graph/node.ts';
import type { TensorType } from '../graph/tensor.ts';
import { multiply } from './multiply.ts';
import { reduceSum } from './reduce-sum.ts';
import { subtract } from './subtract.ts';

export interface SoftmaxAttributes {
  readonly axis: number;
}

/** Shape rule of softmax and logSoftmax. */
export function softmaxType(
  [x]: readonly TensorType[],
  { axis }: SoftmaxAttributes,
  fail: (why: string) => never,
): readonly TensorType[] {
  return axis >= 0 && axis < x.shape.length ? [x] : fail(`there is no axis ${axis}`);
}

export const softmaxOp: Op<SoftmaxAttributes> = {
  name: 'softmax',
  infer: softmaxType,
  emit: ({ attributes: { axis }, inputs, onnx }) => [onnx.node('Softmax', inputs, { axis })],
  // x' = y (y' - Σ y y')
  gradient({ attributes: { axis }, outputs: [y], outputGradients: [dy] }) {
    if (dy === undefined) return [undefined];
    return [multiply(y, subtract(dy, reduceSum(multiply(y, dy), [axis], { keepAxes: true })))];
  },
};

/** exp(x) / Σ exp(x) along an axis: channels by default. Stable for any size of x. */
export function softmax(x: Value, axis = 1): Value {
  return apply1(softmaxOp, [x], { axis });
}
