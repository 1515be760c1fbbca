import { apply1, type Op, type Value } from '../graph/node.ts';
import { emitAs, unaryType } from './elementwise.ts';
import { reluGradient } from './relu-gradient.ts';

export const reluOp: Op<void> = {
  name: 'relu',
  infer: unaryType,
  emit: emitAs('Relu'),
  gradient: ({ outputs: [y], outputGradients: [dy] }) => [dy && reluGradient(y, dy)],
};

/** max(x, 0). */
export function relu(x: Value): Value {
  return apply1(reluOp, [x], undefined);
}
