import { apply1, type Op, type Value } from '../graph/node.ts';
import { binaryType, emitAs } from './elementwise.ts';

export const multiplyOp: Op<void> = {
  name: 'multiply',
  infer: binaryType,
  emit: emitAs('Mul'),
  // (ab)' = a'b + ab'
  gradient: ({ inputs: [a, b], outputGradients: [dy], wanted }) => [
    dy && wanted[0] ? multiply(dy, b) : undefined,
    dy && wanted[1] ? multiply(dy, a) : undefined,
  ],
};

/** a b, with broadcasting. */
export function multiply(a: Value, b: Value): Value {
  return apply1(multiplyOp, [a, b], undefined);
}
