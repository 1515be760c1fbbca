import { apply1, broadcast, notDifferentiable, type Op, type Value } from '../graph/node.ts';
import { emitAs } from './elementwise.ts';

export const equalOp: Op<void> = {
  name: 'equal',
  infer([a, b], _, fail) {
    if (a.dtype !== b.dtype) return fail(`compares ${a.dtype} with ${b.dtype}`);
    const shape = broadcast(a.shape, b.shape);
    return shape === undefined ? fail('the shapes do not broadcast') : [{ dtype: 'bool', shape }];
  },
  emit: emitAs('Equal'),
  gradient: notDifferentiable('a comparison is constant almost everywhere'),
};

/** a = b, as booleans; with broadcasting. */
export function equal(a: Value, b: Value): Value {
  return apply1(equalOp, [a, b], undefined);
}
