/**
 * The recurrent layer of Sabir et al. 2019 over a backbone's features of 5 aligned frames: a gated recurrent unit in
 * either direction, whose last states together feed a linear classifier.
 */
import { z } from 'zod';
import { constant } from '../graph/leaves.ts';
import type { Value } from '../graph/node.ts';
import type { Initializer, Scope } from '../graph/scope.ts';
import { tensor } from '../graph/tensor.ts';
import * as ops from '../ops/index.ts';
import { linear, probability } from './_blocks.ts';
import type { NetworkOutputs } from './network.ts';

/** Frames of a sequence (Sabir et al. 2019, section 4: 5 are enough). */
export const sequenceFrames = 5;

export const sequenceOptions = {
  /** Units of the recurrent layer in each direction; the paper gives no number. */
  units: z.int().min(1).max(1024).default(128),
};

/**
 * Sequences [N, 5, 3, H, W] to scores of sequences, [N]. `trunk` sees all frames as one batch [5 N, 3, H, W], so that
 * its norms take their statistics over all of them.
 */
export function scoreSequence(
  scope: Scope,
  frames: Value,
  trunk: (scope: Scope, image: Value) => Value,
  units: number,
): NetworkOutputs {
  const steps = frames.type.shape[1] as number;
  const pooled = ops.globalAveragePool2d(trunk(scope, ops.foldSteps(frames)));
  const sequence = ops.unfoldSteps(pooled, steps);
  const [n, , features] = sequence.type.shape;
  const inputs = Array.from({ length: steps }, (_, t) =>
    ops.reshape(ops.slice(sequence, { axis: 1, from: t, to: t + 1 }), [n, features]),
  );
  const forward = lastState(scope, 'forward', inputs, units);
  const backward = lastState(scope, 'backward', inputs.toReversed(), units);
  const logits = scope.layer('head', (inner) => linear(inner, 'output', ops.concat([forward, backward]), 1));
  return { score: probability(logits), logits };
}

/** State [N, units] after the last of the inputs [N, features], from zeros; weights as in PyTorch's `nn.GRU`. */
function lastState(scope: Scope, name: string, inputs: readonly Value[], units: number): Value {
  return scope.layer(`gru/${name}`, (inner) => {
    const features = inputs[0].type.shape[1] as number;
    const start: Initializer = { kind: 'fan-in-uniform', fanIn: units };
    const weights = {
      input: inner.parameter('input', [3 * units, features], start),
      hidden: inner.parameter('hidden', [3 * units, units], start),
      inputBias: inner.parameter('input-bias', [3 * units], start),
      hiddenBias: inner.parameter('hidden-bias', [3 * units], start),
    };
    // One row of zeros broadcasts over a batch that may be unknown.
    const zeros = constant(tensor(new Float32Array(units), [1, units]));
    return inputs.reduce((state, x) => ops.gruCell(x, state, weights), zeros);
  });
}
