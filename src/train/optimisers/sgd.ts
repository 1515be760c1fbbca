import { scalar } from '../../graph/leaves.ts';
import * as ops from '../../ops/index.ts';
import type { Decay, Optimiser } from './optimiser.ts';

export interface SgdOptions {
  momentum: number;
  /** Looks ahead along the momentum (Sutskever et al. 2013). */
  nesterov: boolean;
}

/** Stochastic gradient descent as PyTorch has it: b' = μ b + g, w' = w - α b' (nesterov: w - α (g + μ b')). */
export function sgd({ momentum, nesterov }: SgdOptions, decay: Decay): Optimiser {
  return {
    slots: momentum > 0 ? ['momentum'] : [],
    decay,
    scalars: (learningRate) => ({ rate: learningRate }),
    update({ weight, gradient, slots, scalars }) {
      const step = (direction: typeof gradient) =>
        ops.subtract(weight, ops.multiply(direction, scalars.rate));
      if (momentum === 0) return { weight: step(gradient), slots: {} };
      const carried = ops.add(ops.multiply(slots.momentum, scalar(momentum)), gradient);
      const ahead = nesterov ? ops.add(gradient, ops.multiply(carried, scalar(momentum))) : carried;
      return { weight: step(ahead), slots: { momentum: carried } };
    },
  };
}
