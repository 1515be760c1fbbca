/** Cases of batch normalisation. */
import { batchNormGradient } from '../batch-norm-gradient.ts';
import * as ops from '../index.ts';
import { type Array64, array, type Case, type CaseTable, of } from './case.ts';

/** Pixels a channel; the channel of element i is floor(i / pixels) mod C. */
function layout(x: Array64) {
  const channels = x.dims[1];
  const pixels = x.dims.slice(2).reduce((a, b) => a * b, 1);
  return {
    channels,
    count: x.data.length / channels,
    channel: (i: number) => Math.floor(i / pixels) % channels,
  };
}

function statistics(x: Array64): { mean: Array64; variance: Array64 } {
  const { channels, count, channel } = layout(x);
  const [mean, variance] = [array([channels]), array([channels])];
  for (const [i, value] of x.data.entries()) mean.data[channel(i)] += value / count;
  for (const [i, value] of x.data.entries()) {
    variance.data[channel(i)] += (value - mean.data[channel(i)]) ** 2 / count;
  }
  return { mean, variance };
}

function normalised(epsilon: number, [x, gamma, beta, mean, variance]: readonly Array64[]): Array64 {
  const { channel } = layout(x);
  const scale = (c: number) => gamma.data[c] / Math.sqrt(variance.data[c] + epsilon);
  return array(
    x.dims,
    x.data.map((v, i) => scale(channel(i)) * (v - mean.data[channel(i)]) + beta.data[channel(i)]),
  );
}

function trained(epsilon: number, [x, gamma, beta]: readonly Array64[]): [Array64, Array64, Array64] {
  const { mean, variance } = statistics(x);
  return [normalised(epsilon, [x, gamma, beta, mean, variance]), mean, variance];
}

const shapes: [string, number[], number][] = [
  ['pictures', [3, 4, 5, 6], 1e-5],
  ["Keras' epsilon", [2, 3, 4, 4], 1e-3],
  ['one picture, odd', [1, 5, 3, 7], 1e-5],
  ['vectors', [7, 3], 1e-5],
  ['16 channels', [2, 16, 4, 4], 1e-5],
];

/** x' of the textbook: the derivative through the normalised value, the variance and the mean. */
function backward(epsilon: number, [x, dy, gamma]: readonly Array64[]): Array64[] {
  const { mean, variance } = statistics(x);
  const { channels, count, channel } = layout(x);
  const deviation = variance.data.map((v) => Math.sqrt(v + epsilon));
  const [dGamma, dBeta] = [array([channels]), array([channels])];
  const hat = x.data.map((v, i) => (v - mean.data[channel(i)]) / deviation[channel(i)]);
  for (const [i, value] of dy.data.entries()) {
    dBeta.data[channel(i)] += value;
    dGamma.data[channel(i)] += value * hat[i];
  }
  const dx = dy.data.map((value, i) => {
    const c = channel(i);
    return (gamma.data[c] / deviation[c]) * (value - (dBeta.data[c] + hat[i] * dGamma.data[c]) / count);
  });
  return [array(x.dims, dx), dGamma, dBeta];
}

export const normalisationCases: CaseTable = {
  batchNorm: shapes.map(([name, dims, epsilon]) => ({
    name,
    inputs: [of(dims), ...[0, 1, 2].map(() => of([dims[1]])), of([dims[1]], 'positive')],
    build: ([x, gamma, beta, mean, variance]) => ops.batchNorm(x, gamma, beta, mean, variance, { epsilon }),
    reference: (inputs) => normalised(epsilon, inputs),
    batched: [0],
  })),
  batchNormTraining: shapes.map(
    ([name, dims, epsilon]): Case => ({
      name,
      inputs: [of(dims), of([dims[1]]), of([dims[1]])],
      build: ([x, gamma, beta]) => {
        const { y, mean, variance } = ops.batchNormTraining(x, gamma, beta, { epsilon });
        return [y, mean, variance];
      },
      reference: (inputs) => trained(epsilon, inputs),
    }),
  ),
  batchNormGradient: shapes.map(([name, dims, epsilon]) => ({
    name,
    inputs: [of(dims), of(dims), of([dims[1]])],
    build: ([x, dy, gamma]) => {
      const { node } = ops.batchNormTraining(x, gamma, gamma, { epsilon }).y;
      const [, , , centred, inverse] = node.outputs;
      const { dx, dGamma, dBeta } = batchNormGradient(centred, dy, gamma, inverse);
      return [dx, dGamma, dBeta];
    },
    reference: (inputs) => backward(epsilon, inputs),
  })),
};
