import { apply1, type Op, type Value } from '../graph/node.ts';
import { emitAs, unaryType } from './elementwise.ts';
import { multiply } from './multiply.ts';
import { sigmoid } from './sigmoid.ts';

export const softplusOp: Op<void> = {
  name: 'softplus',
  infer: unaryType,
  emit: emitAs('Softplus'),
  gradient: ({ inputs: [x], outputGradients: [dy] }) => [dy && multiply(dy, sigmoid(x))],
};

/** log(1 + exp(x)), without overflow: the stable half of a cross entropy with logits. */
export function softplus(x: Value): Value {
  return apply1(softplusOp, [x], undefined);
}
