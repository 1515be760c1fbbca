import { scalar } from '../graph/leaves.ts';
import { apply1, type Op, type Value } from '../graph/node.ts';
import { divide } from './divide.ts';
import { emitAs, unaryType } from './elementwise.ts';
import { multiply } from './multiply.ts';

export const sqrtOp: Op<void> = {
  name: 'sqrt',
  infer: unaryType,
  emit: emitAs('Sqrt'),
  // y' = 1 / (2 y)
  gradient: ({ outputs: [y], outputGradients: [dy] }) => [dy && divide(dy, multiply(y, scalar(2)))],
};

/** Square root. Its gradient at 0 is infinite: add an epsilon first. */
export function sqrt(x: Value): Value {
  return apply1(sqrtOp, [x], undefined);
}
