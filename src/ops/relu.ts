import { scalar } from '../graph/leaves.ts';
import { apply1, type Op, type Value } from '../graph/node.ts';
import { emitAs, unaryType } from './elementwise.ts';
import { greater } from './greater.ts';
import { select } from './select.ts';

export const reluOp: Op<void> = {
  name: 'relu',
  infer: unaryType,
  emit: emitAs('Relu'),
  // The output serves as well as the input (y > 0 exactly where x > 0), so the input need not be kept.
  gradient: ({ outputs: [y], outputGradients: [dy] }) => [dy && select(greater(y, scalar(0)), dy, scalar(0))],
};

/** max(x, 0). */
export function relu(x: Value): Value {
  return apply1(reluOp, [x], undefined);
}
