import { apply1, type Op, type Value } from '../graph/node.ts';
import { divide } from './divide.ts';
import { emitAs, unaryType } from './elementwise.ts';

export const logOp: Op<void> = {
  name: 'log',
  infer: unaryType,
  emit: emitAs('Log'),
  gradient: ({ inputs: [x], outputGradients: [dy] }) => [dy && divide(dy, x)],
};

/** Natural logarithm. */
export function log(x: Value): Value {
  return apply1(logOp, [x], undefined);
}
