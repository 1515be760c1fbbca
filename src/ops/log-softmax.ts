import { apply1, type Op, type Value } from '../graph/node.ts';
import { exp } from './exp.ts';
import { multiply } from './multiply.ts';
import { reduceSum } from './reduce-sum.ts';
import { type SoftmaxAttributes, softmaxType } from './softmax.ts';
import { subtract } from './subtract.ts';

export const logSoftmaxOp: Op<SoftmaxAttributes> = {
  name: 'logSoftmax',
  infer: softmaxType,
  emit: ({ attributes: { axis }, inputs, onnx }) => [onnx.node('LogSoftmax', inputs, { axis })],
  // x' = y' - exp(y) Σ y'
  gradient({ attributes: { axis }, outputs: [y], outputGradients: [dy] }) {
    if (dy === undefined) return [undefined];
    return [subtract(dy, multiply(exp(y), reduceSum(dy, [axis], { keepAxes: true })))];
  },
};

/** x - log Σ exp(x) along an axis: channels by default. Stable for any size of x. */
export function logSoftmax(x: Value, axis = 1): Value {
  return apply1(logSoftmaxOp, [x], { axis });
}
