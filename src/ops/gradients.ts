import type { Value } from '../graph/node.ts';
import { type GradientRules, gradients, type ReverseOps } from '../graph/reverse.ts';
import { add } from './add.ts';
import { fill } from './fill.ts';
import { sumTo } from './sum-to.ts';

/** What the reverse pass builds with. */
export const reverseOps: ReverseOps = { add, sumTo, fill };

/**
 * Gradients of a scalar loss with respect to parameters or inputs, in their order; undefined where the loss does
 * not depend on one.
 * @throws Error where an operation without a gradient lies in between, with its layer.
 */
export function gradientsOf(
  loss: Value,
  wanted: readonly Value[],
  rules?: GradientRules,
): (Value | undefined)[] {
  return gradients(loss, wanted, reverseOps, rules);
}
