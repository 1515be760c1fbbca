/**
 * The classifier of "Zooming into Face Forensics" (Li et al. 2019, section 3) on a network's last activations, for
 * both of its tasks. One convolution scores every pixel; `cls` averages its logits over the picture (the class
 * activation map with pooling and classifier swapped, equations 2 to 4), `seg` learns from them pixel by pixel
 * (equations 5 and 6).
 */
import { z } from 'zod';
import { scalar } from '../graph/leaves.ts';
import type { Value } from '../graph/node.ts';
import type { Scope } from '../graph/scope.ts';
import * as ops from '../ops/index.ts';
import { type ConvolutionLayer, convolution, mapProbability, probability } from './_blocks.ts';
import type { NetworkOutputs } from './network.ts';

/**
 * Options of every network with this head. The paper does not print its thresholds: tau1 = 0.5 is the middle of the
 * normalised map; tau2 = 0.05 calls a picture manipulated where a twentieth of it is. Both are to be set on
 * validation data.
 */
export const pixelHeadOptions = {
  task: z.enum(['cls', 'seg']).default('cls'),
  /** `cls`: where the normalised activation map reaches it, the mask is set. */
  tau1: z.number().gt(0).lt(1).default(0.5),
  /** `seg`: the mean of the map from which the picture is called manipulated. */
  tau2: z.number().gt(0).lt(1).default(0.05),
};

export interface PixelHead {
  readonly task: 'cls' | 'seg';
  readonly tau1: number;
  readonly tau2: number;
}

/** Features [N, C, h, w] to the outputs of either task; `classifier` is the convolution, 3x3 to one logit by default. */
export function pixelHead(
  scope: Scope,
  features: Value,
  { task, tau1, tau2 }: PixelHead,
  classifier: Partial<ConvolutionLayer> = {},
): NetworkOutputs {
  const mapLogits = convolution(scope, 'classifier', features, {
    filters: 1,
    kernel: 3,
    padding: 'same',
    start: 'fan-in',
    ...classifier,
  });
  if (task === 'seg') {
    const map = mapProbability(mapLogits);
    const score = ops.reduceMean(map, [1, 2]);
    return { score, map, mapLogits, mask: reaches(map, 0.5), decision: reaches(score, tau2) };
  }
  const logits = ops.globalAveragePool2d(mapLogits);
  const score = probability(logits);
  const decision = reaches(score, 0.5);
  const map = normalisedActivation(mapLogits);
  const called = ops.reshape(decision, [decision.type.shape[0], 1, 1]);
  return { score, logits, map, mask: ops.multiply(reaches(map, tau1), called), decision };
}

/** (M - min M) / max(M - min M) of each picture (equation 3): [N, 1 or 2, h, w] gives [N, h, w]. */
export function normalisedActivation(mapLogits: Value): Value {
  const activation = manipulatedActivation(mapLogits);
  const raised = ops.add(activation, ops.reduceMax(ops.negate(activation), [1, 2], { keepAxes: true }));
  const range = ops.reduceMax(raised, [1, 2], { keepAxes: true });
  // A flat map has no range: it becomes 0 everywhere.
  return ops.divide(raised, ops.add(range, scalar(1e-12)));
}

/** What speaks for manipulated at each pixel: the logit, or the difference of the two classes'. */
function manipulatedActivation(mapLogits: Value): Value {
  const [n, classes, h, w] = mapLogits.type.shape;
  if (classes === 1) return ops.reshape(mapLogits, [n, h, w]);
  const [real, manipulated] = ops.split(mapLogits, 1, [1, 1]);
  return ops.reshape(ops.subtract(manipulated, real), [n, h, w]);
}

/** 1 where x ≥ threshold, else 0. */
function reaches(x: Value, threshold: number): Value {
  return ops.subtract(scalar(1), ops.cast(ops.greater(scalar(threshold), x), 'float32'));
}
