/** What every loss starts from, and what they share. */
import { scalar } from '../../graph/leaves.ts';
import type { Value } from '../../graph/node.ts';
import type { NetworkOutputs } from '../../models/network.ts';
import * as ops from '../../ops/index.ts';

/** What a batch says about its pictures; all float32. */
export interface Labels {
  /** [N]: 1 manipulated, 0 real. */
  readonly label: Value;
  /** [N, H, W] at the picture's size: 1 where a pixel is manipulated. */
  readonly mask?: Value;
  /** [N]: how much each picture counts. */
  readonly weight?: Value;
}

export interface LossContext {
  readonly outputs: NetworkOutputs;
  readonly labels: Labels;
  /** The network's input, from which patch centres are counted. */
  readonly image: Value;
  /**
   * Label smoothing ε (Szegedy et al. 2016, over two classes): a label t becomes (1 - ε) t + ε / 2.
   */
  readonly smoothing: number;
  /** Of losses over pixels. */
  readonly pixels?: PixelWeights;
}

export interface PixelWeights {
  /** How much a manipulated pixel counts beside an untouched one; 1 where left out. */
  readonly manipulatedPixels?: number | undefined;
  /** `ignored`: pixels whose mask is below 0, which nobody knows, do not count. */
  readonly unmasked?: 'whole' | 'ignored' | undefined;
}

/** (1 - ε) t + ε / 2. */
export function smooth(target: Value, smoothing: number): Value {
  if (smoothing === 0) return target;
  return ops.add(ops.multiply(target, scalar(1 - smoothing)), scalar(smoothing / 2));
}

/**
 * Cross entropy of logits against the probability `target` of manipulated, both of the shape without the class
 * axis: one logit is taken as log-odds, two as (real, manipulated).
 */
export function crossEntropyOf(logits: Value, target: Value): Value {
  const [n, classes, ...rest] = logits.type.shape;
  if (classes === 1) {
    // -t log σ(z) - (1 - t) log(1 - σ(z)) = log(1 + e^z) - t z
    const z = ops.reshape(logits, [n, ...rest]);
    return ops.subtract(ops.softplus(z), ops.multiply(target, z));
  }
  if (classes !== 2) throw new Error(`two classes have one or two logits, not ${classes}`);
  const logs = ops.logSoftmax(logits, 1);
  const [real, manipulated] = ops.split(logs, 1, [1, 1]).map((part) => ops.reshape(part, [n, ...rest]));
  // -(1 - t) log p_real - t log p_manipulated
  return ops.negate(ops.add(real, ops.multiply(target, ops.subtract(manipulated, real))));
}

/**
 * Mean of [N] losses over the batch: (1 / N) Σ w l. Dividing by N and not by Σ w keeps a picture's pull
 * independent of its neighbours in the batch.
 */
export function batchMean(losses: Value, weight: Value | undefined): Value {
  return ops.reduceMean(weight === undefined ? losses : ops.multiply(losses, weight));
}

/** An output that the loss needs, or an error that names the loss. */
export function required<T>(value: T | undefined, loss: string, what: string): T {
  if (value === undefined) throw new Error(`the loss ${loss} needs ${what}`);
  return value;
}
