import { apply1, type Op, type Value } from '../graph/node.ts';
import { binaryType, emitAs } from './elementwise.ts';
import { multiply } from './multiply.ts';
import { negate } from './negate.ts';

export const divideOp: Op<void> = {
  name: 'divide',
  infer: binaryType,
  emit: emitAs('Div'),
  // (a/b)' = a'/b - (a/b) b'/b
  gradient: ({ inputs: [, b], outputs: [quotient], outputGradients: [dy], wanted }) => [
    dy && wanted[0] ? divide(dy, b) : undefined,
    dy && wanted[1] ? negate(divide(multiply(dy, quotient), b)) : undefined,
  ],
};

/** a / b, with broadcasting. */
export function divide(a: Value, b: Value): Value {
  return apply1(divideOp, [a, b], undefined);
}
