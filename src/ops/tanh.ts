import { scalar } from '../graph/leaves.ts';
import { apply1, type Op, type Value } from '../graph/node.ts';
import { emitAs, unaryType } from './elementwise.ts';
import { multiply } from './multiply.ts';
import { square } from './square.ts';
import { subtract } from './subtract.ts';

export const tanhOp: Op<void> = {
  name: 'tanh',
  infer: unaryType,
  emit: emitAs('Tanh'),
  // y' = 1 - y²
  gradient: ({ outputs: [y], outputGradients: [dy] }) => [dy && multiply(dy, subtract(scalar(1), square(y)))],
};

/** Hyperbolic tangent. */
export function tanh(x: Value): Value {
  return apply1(tanhOp, [x], undefined);
}
