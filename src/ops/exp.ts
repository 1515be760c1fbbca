import { apply1, type Op, type Value } from '../graph/node.ts';
import { emitAs, unaryType } from './elementwise.ts';
import { multiply } from './multiply.ts';

export const expOp: Op<void> = {
  name: 'exp',
  infer: unaryType,
  emit: emitAs('Exp'),
  gradient: ({ outputs: [y], outputGradients: [dy] }) => [dy && multiply(dy, y)],
};

/** e to the power of x. */
export function exp(x: Value): Value {
  return apply1(expOp, [x], undefined);
}
