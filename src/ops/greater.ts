import { apply1, broadcast, notDifferentiable, type Op, type Value } from '../graph/node.ts';
import { emitAs } from './elementwise.ts';

export const greaterOp: Op<void> = {
  name: 'greater',
  infer([a, b], _, fail) {
    const shape = broadcast(a.shape, b.shape);
    return shape === undefined ? fail('the shapes do not broadcast') : [{ dtype: 'bool', shape }];
  },
  emit: emitAs('Greater'),
  gradient: notDifferentiable('a comparison is constant almost everywhere'),
};

/** a > b, as booleans. */
export function greater(a: Value, b: Value): Value {
  return apply1(greaterOp, [a, b], undefined);
}
