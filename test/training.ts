/** What the tests of this folder share: running a graph, and a network small enough to work out by hand. */
import { z } from 'zod';
import type { Value } from '../src/graph/node.ts';
import { emitOnnx } from '../src/graph/onnx/emit.ts';
import { type Tensor, tensor } from '../src/graph/tensor.ts';
import { type Network, unitRange } from '../src/models/network.ts';
import * as ops from '../src/ops/index.ts';
import { openSession } from '../src/runtime/session.ts';
import { optimiserSchema } from '../src/train/optimisers/index.ts';
import type { StepOptions } from '../src/train/step.ts';

/** Runs a graph once, on one thread. */
export async function evaluate(
  outputs: Record<string, Value>,
  feeds: Record<string, Tensor>,
): Promise<Record<string, number[]>> {
  const session = await openSession(emitOnnx({ name: 'test', outputs }), { threads: 1 });
  try {
    const given = Object.fromEntries(Object.entries(feeds).filter(([name]) => session.inputs.includes(name)));
    const results = await session.run(given);
    return Object.fromEntries(
      Object.entries(results).map(([name, { data }]) => [name, Array.from(data as Float32Array)]),
    );
  } finally {
    await session.dispose();
  }
}

export const vector = (...values: number[]) => tensor(values, [values.length]);

/** The picture's mean colour, a norm, and a dense layer: z = (norm(m) · weight) + bias. */
export const tinyNetwork: Network<Record<string, unknown>> = {
  name: 'tiny',
  title: 'Tiny',
  source: 'tests',
  tasks: ['cls'],
  inputSize: 4,
  sizes: { min: 1, step: 1 },
  normalisation: unitRange,
  options: z.record(z.string(), z.unknown()),
  build(scope, image) {
    const n = image.type.shape[0];
    const mean = ops.reduceMean(image, [2, 3]);
    const normal = scope.layer('norm', (inner) => {
      const of = (name: string, value: number, trainable = true) =>
        inner.parameter(name, [3], { kind: 'constant', value }, { trainable });
      const [gamma, beta] = [of('gamma', 1), of('beta', 0)];
      const [running, variance] = [of('mean', 0, false), of('variance', 1, false)];
      if (inner.mode === 'inference') return ops.batchNorm(mean, gamma, beta, running, variance, {});
      const batch = ops.batchNormTraining(mean, gamma, beta, {});
      inner.update('mean', batch.mean);
      inner.update('variance', batch.variance);
      return batch.y;
    });
    const logits = scope.layer('head', (inner) =>
      ops.add(
        ops.matMul(normal, inner.parameter('weight', [3, 1], { kind: 'normal', deviation: 0.5 })),
        inner.parameter('bias', [1], { kind: 'constant', value: 0.1 }),
      ),
    );
    return { logits, score: ops.reshape(ops.sigmoid(logits), [n]) };
  },
};

export function tinyStep(changes: Partial<StepOptions> = {}): StepOptions {
  return {
    network: tinyNetwork,
    options: {},
    batchSize: 4,
    size: 4,
    loss: { kind: 'cross-entropy', smoothing: 0 },
    optimiser: optimiserSchema.parse({ kind: 'sgd', momentum: 0 }),
    ...changes,
  };
}
