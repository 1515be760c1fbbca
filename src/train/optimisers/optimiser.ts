/** What an optimiser is: slots of state beside each weight, a few numbers a step, and one rule in graph nodes. */
import type { Value } from '../../graph/node.ts';

export interface UpdateContext {
  readonly weight: Value;
  readonly gradient: Value;
  /** The optimiser's slots for this weight, of the weight's shape; all start at 0. */
  readonly slots: Readonly<Record<string, Value>>;
  /** Scalar inputs of the step, by the names that {@link Optimiser.scalars} gives. */
  readonly scalars: Readonly<Record<string, Value>>;
}

export interface Updated {
  readonly weight: Value;
  readonly slots: Readonly<Record<string, Value>>;
}

export interface Optimiser {
  readonly slots: readonly string[];
  /**
   * Numbers fed at a step (counted from 1): the learning rate and what depends on the count. Worked out here in
   * float64, because 1 - 0.999^t loses four digits in float32.
   */
  scalars(learningRate: number, step: number): Record<string, number>;
  update(context: UpdateContext): Updated;
  /** How the decay of weights enters. */
  readonly decay: Decay;
}

export interface Decay {
  readonly rate: number;
  /** `l2` adds rate · w to the gradient; `decoupled` shrinks w by learning rate · rate (Loshchilov & Hutter 2019). */
  readonly kind: 'l2' | 'decoupled';
  /** Biases and the scales and shifts of norms (everything of rank 1) are left alone unless this is set. */
  readonly all: boolean;
}
