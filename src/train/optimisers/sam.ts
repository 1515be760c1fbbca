/** Sharpness-aware minimisation (Foret et al. 2021): the gradient is taken where the loss is worst nearby. */
import { scalar } from '../../graph/leaves.ts';
import type { Value } from '../../graph/node.ts';
import * as ops from '../../ops/index.ts';
import { globalNorm } from '../clip.ts';
import { substitute } from '../substitute.ts';

/**
 * Replaces the gradients at w by those at w + ρ g / ‖g‖ (eq. 2). Both passes stand in the one step model: the
 * loss is copied with the moved weights in place of the weights, so picture, labels and dropout are the same in
 * both. Running statistics stay those of the first pass, as in the authors' code.
 *
 * `weights` and `gradients` match; the result is in their order.
 */
export function sharpnessAware(
  loss: Value,
  weights: readonly Value[],
  gradients: readonly Value[],
  rho: number,
): Value[] {
  // A gradient of exactly zero moves nowhere: 0 / (0 + ε).
  const length = ops.divide(scalar(rho), ops.add(globalNorm(gradients), scalar(1e-12)));
  const moved = weights.map((weight, i) => ops.add(weight, ops.multiply(gradients[i], length)));
  const [worst] = substitute([loss], new Map(weights.map((weight, i) => [weight, moved[i]])));
  return ops.gradientsOf(worst, moved).map((gradient, i) => {
    if (gradient === undefined) throw new Error(`the loss lost weight ${i} on its second pass`);
    return gradient;
  });
}
