/**
 * Rahmouni et al. 2017 ("Distinguishing computer graphics from natural images using convolution neural networks"),
 * their Stats-2L, as 004's related work and FaceForensics++ use it: two convolutions, then mean, variance, maximum and
 * minimum of every channel, and a dense layer on these statistics.
 *
 * Expects 100 px patches in [0, 1]; any size works, because the statistics have none. 284,610 trainable parameters
 * (none published). Published for computer graphics (.932 of patches right), not for faces; FaceForensics++ quotes
 * it retrained.
 * Deviations: patches are not voted over here; aggregation over frames is the detector's.
 */
import { z } from 'zod';
import type { Value } from '../graph/node.ts';
import * as ops from '../ops/index.ts';
import { convolution, dropout, linear, probability } from './_blocks.ts';
import { type Network, unitRange } from './network.ts';

const options = z.strictObject({
  /** Units of the hidden layer. */
  units: z.int().min(1).max(8192).default(1024),
  /** Share of the hidden units that are dropped. */
  dropout: z.number().min(0).lt(1).default(0.5),
});

export const rahmouni: Network<z.infer<typeof options>> = {
  name: 'rahmouni',
  title: 'Rahmouni (Stats-2L)',
  source: 'Rahmouni et al. 2017',
  tasks: ['cls'],
  inputSize: 100,
  sizes: { min: 8, step: 1 },
  normalisation: unitRange,
  options,
  build(scope, image, { units, dropout: rate }) {
    const features = [32, 64].reduce<Value>(
      (x, filters, i) =>
        ops.relu(convolution(scope, `conv${i + 1}`, x, { filters, kernel: 3, padding: 1, start: 'he' })),
      image,
    );
    const hidden = ops.relu(linear(scope, 'hidden', statistics(features), units));
    const logits = linear(scope, 'output', dropout(scope, 'dropout', hidden, rate), 2);
    return { score: probability(logits), logits };
  },
};

/** Mean, variance (biased), maximum and minimum of every channel: [N, C, H, W] to [N, 4 C]. */
export function statistics(x: Value): Value {
  const axes = [2, 3];
  const mean = ops.reduceMean(x, axes, { keepAxes: true });
  const variance = ops.reduceMean(ops.square(ops.subtract(x, mean)), axes);
  const minimum = ops.negate(ops.reduceMax(ops.negate(x), axes));
  return ops.concat([ops.reshape(mean, variance.type.shape), variance, ops.reduceMax(x, axes), minimum]);
}
