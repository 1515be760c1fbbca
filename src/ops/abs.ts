import { apply1, type Op, type Value } from '../graph/node.ts';
import { emitAs, unaryType } from './elementwise.ts';
import { multiply } from './multiply.ts';
import { sign } from './sign.ts';

export const absOp: Op<void> = {
  name: 'abs',
  infer: unaryType,
  emit: emitAs('Abs'),
  gradient: ({ inputs: [x], outputGradients: [dy] }) => [dy && multiply(dy, sign(x))],
};

/** Absolute value; the gradient at 0 is 0. */
export function abs(x: Value): Value {
  return apply1(absOp, [x], undefined);
}
