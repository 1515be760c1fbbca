import { scalar } from '../../graph/leaves.ts';
import * as ops from '../../ops/index.ts';
import type { Decay, Optimiser } from './optimiser.ts';

export interface AdamOptions {
  beta1: number;
  beta2: number;
  epsilon: number;
  /**
   * Where ε stands. `torch` (the paper's algorithm 1): w -= α m̂ / (√v̂ + ε), with the bias-corrected moments.
   * `keras` (the paper's section 2, end): w -= α √(1 - β₂ᵗ) / (1 - β₁ᵗ) · m / (√v + ε).
   */
  epsilonPlacement: 'torch' | 'keras';
}

/**
 * Adam (Kingma & Ba 2015). The slots hold m / (1 - β₁) and v / (1 - β₂), which saves two passes over memory a
 * weight: m' = β₁ m + g, v' = β₂ v + g², w' = w - rate · m' / (√v' + ε'), with rate and ε' worked out a step.
 */
export function adam({ beta1, beta2, epsilon, epsilonPlacement }: AdamOptions, decay: Decay): Optimiser {
  return {
    slots: ['momentum', 'variance'],
    decay,
    scalars(learningRate, step) {
      const root = Math.sqrt(1 - beta2);
      const correction = Math.sqrt(1 - beta2 ** step);
      return {
        rate: (learningRate * (1 - beta1) * correction) / ((1 - beta1 ** step) * root),
        epsilon: (epsilon * (epsilonPlacement === 'torch' ? correction : 1)) / root,
      };
    },
    update({ weight, gradient, slots, scalars }) {
      const momentum = ops.add(ops.multiply(slots.momentum, scalar(beta1)), gradient);
      const variance = ops.add(ops.multiply(slots.variance, scalar(beta2)), ops.square(gradient));
      const direction = ops.divide(momentum, ops.add(ops.sqrt(variance), scalars.epsilon));
      return {
        weight: ops.subtract(weight, ops.multiply(direction, scalars.rate)),
        slots: { momentum, variance },
      };
    },
  };
}
