import { scalar } from '../../graph/leaves.ts';
import type { Value } from '../../graph/node.ts';
import * as ops from '../../ops/index.ts';
import { type LossContext, smooth } from './loss.ts';

/** MesoNet's loss on the probability (3.2): l(a, y) = ½ (a - y)², [N]. */
export function meanSquaredError({ outputs, labels, smoothing }: LossContext): Value {
  const difference = ops.subtract(outputs.score, smooth(labels.label, smoothing));
  return ops.multiply(ops.square(difference), scalar(0.5));
}
