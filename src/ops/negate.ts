import { apply1, type Op, type Value } from '../graph/node.ts';
import { emitAs, unaryType } from './elementwise.ts';

export const negateOp: Op<void> = {
  name: 'negate',
  infer: unaryType,
  emit: emitAs('Neg'),
  gradient: ({ outputGradients: [dy] }) => [dy && negate(dy)],
};

/** -x. */
export function negate(x: Value): Value {
  return apply1(negateOp, [x], undefined);
}
