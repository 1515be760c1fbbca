import { apply1, type Op, type Value } from '../graph/node.ts';
import { binaryType, emitAs } from './elementwise.ts';
import { negate } from './negate.ts';

export const subtractOp: Op<void> = {
  name: 'subtract',
  infer: binaryType,
  emit: emitAs('Sub'),
  gradient: ({ outputGradients: [dy], wanted }) => [dy, dy && wanted[1] ? negate(dy) : undefined],
};

/** a - b, with broadcasting. */
export function subtract(a: Value, b: Value): Value {
  return apply1(subtractOp, [a, b], undefined);
}
