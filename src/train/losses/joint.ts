import { scalar } from '../../graph/leaves.ts';
import type { Value } from '../../graph/node.ts';
import * as ops from '../../ops/index.ts';
import { crossEntropy } from './cross-entropy.ts';
import type { LossContext } from './loss.ts';
import { pixelCrossEntropy } from './pixel-cross-entropy.ts';

/**
 * 004's joint objective, [N]: L = λ L_seg + (1 - λ) L_cls. At 0 or 1 the other half is not built at all, so
 * that a classifier needs no masks.
 */
export function joint(context: LossContext, lambda: number): Value {
  if (lambda === 0) return crossEntropy(context);
  if (lambda === 1) return pixelCrossEntropy(context);
  return ops.add(
    ops.multiply(pixelCrossEntropy(context), scalar(lambda)),
    ops.multiply(crossEntropy(context), scalar(1 - lambda)),
  );
}
