import { apply1, type Op, type Value } from '../graph/node.ts';
import { binaryType, emitAs } from './elementwise.ts';

export const addOp: Op<void> = {
  name: 'add',
  infer: binaryType,
  emit: emitAs('Add'),
  gradient: ({ outputGradients: [dy] }) => [dy, dy],
};

/** a + b, with broadcasting. */
export function add(a: Value, b: Value): Value {
  return apply1(addOp, [a, b], undefined);
}
