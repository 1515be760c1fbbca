import { scalar } from '../graph/leaves.ts';
import { apply1, broadcast, type Op, type Value } from '../graph/node.ts';
import { emitAs } from './elementwise.ts';

export const selectOp: Op<void> = {
  name: 'select',
  infer([condition, a, b], _, fail) {
    if (condition.dtype !== 'bool') return fail(`the condition must be bool, not ${condition.dtype}`);
    const branches = broadcast(a.shape, b.shape);
    const shape = branches && broadcast(condition.shape, branches);
    return shape === undefined ? fail('the shapes do not broadcast') : [{ dtype: a.dtype, shape }];
  },
  emit: emitAs('Where'),
  gradient: ({ inputs: [condition], outputGradients: [dy], wanted }) => [
    undefined,
    dy && wanted[1] ? select(condition, dy, scalar(0)) : undefined,
    dy && wanted[2] ? select(condition, scalar(0), dy) : undefined,
  ],
};

/** a where the condition holds, b elsewhere; with broadcasting. */
export function select(condition: Value, a: Value, b: Value): Value {
  return apply1(selectOp, [condition, a, b], undefined);
}
