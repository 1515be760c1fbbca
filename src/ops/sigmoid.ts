import { scalar } from '../graph/leaves.ts';
import { apply1, type Op, type Value } from '../graph/node.ts';
import { emitAs, unaryType } from './elementwise.ts';
import { multiply } from './multiply.ts';
import { subtract } from './subtract.ts';

export const sigmoidOp: Op<void> = {
  name: 'sigmoid',
  infer: unaryType,
  emit: emitAs('Sigmoid'),
  // y' = y (1 - y)
  gradient: ({ outputs: [y], outputGradients: [dy] }) => [
    dy && multiply(dy, multiply(y, subtract(scalar(1), y))),
  ],
};

/** 1 / (1 + exp(-x)). */
export function sigmoid(x: Value): Value {
  return apply1(sigmoidOp, [x], undefined);
}
