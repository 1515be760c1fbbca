import { apply1, notDifferentiable, type Op, type Value } from '../graph/node.ts';
import { emitAs, unaryType } from './elementwise.ts';

export const signOp: Op<void> = {
  name: 'sign',
  infer: unaryType,
  emit: emitAs('Sign'),
  gradient: notDifferentiable('a sign is constant almost everywhere'),
};

/** -1, 0 or 1. */
export function sign(x: Value): Value {
  return apply1(signOp, [x], undefined);
}
