/** Bayar's constraint and Rahmouni's statistics against plain arithmetic. */
import { expect, it } from 'vitest';
import { Random } from '../base/random.ts';
import { input } from '../graph/leaves.ts';
import { emitOnnx } from '../graph/onnx/emit.ts';
import { initialWeights, Scope } from '../graph/scope.ts';
import { floats, type Tensor, tensor } from '../graph/tensor.ts';
import { openSession } from '../runtime/session.ts';
import { lossSchema } from '../train/losses/index.ts';
import { optimiserSchema } from '../train/optimisers/index.ts';
import { buildStep } from '../train/step.ts';
import { bayar, projectPredictionError } from './bayar.ts';
import { networkCases } from './cases/networks.ts';
import { forge, pictures } from './cases/pictures.ts';
import type { Network } from './network.ts';
import { statistics } from './rahmouni.ts';

/** The planes of a kernel [O, I, 5, 5]: their centres, and the sums of the others. */
function planes(kernel: Tensor): { centres: number[]; sums: number[] } {
  const values = floats(kernel);
  const starts = Array.from({ length: values.length / 25 }, (_, i) => i * 25);
  return {
    centres: starts.map((from) => values[from + 12]),
    sums: starts.map(
      (from) => values.slice(from, from + 25).reduce((sum, value) => sum + value, 0) - values[from + 12],
    ),
  };
}

function expectConstrained(kernel: Tensor): void {
  const { centres, sums } = planes(kernel);
  expect(centres).toHaveLength(36);
  for (const centre of centres) expect(centre).toBe(-1);
  for (const sum of sums) expect(sum).toBeCloseTo(1, 5);
}

it('starts Bayar’s kernels on their constraint, and holds them there after every training step', async () => {
  const { size, extra } = networkCases.bayar;
  const network = bayar as Network;
  const { model, parameters, carried, noise, scalars } = buildStep({
    network,
    options: network.options.parse(extra),
    batchSize: 8,
    size,
    loss: lossSchema.parse({ kind: 'cross-entropy' }),
    optimiser: optimiserSchema.parse({ kind: 'adam' }),
  });
  const path = 'constrained/weight';
  let state: Record<string, Tensor> = Object.fromEntries(initialWeights(parameters, 4));
  expectConstrained(state[path]);
  const first = state[path];
  for (const { input, shape } of carried) {
    state[input] ??= tensor(new Float32Array(shape.reduce((a, b) => a * b, 1)), shape);
  }
  const random = new Random(1);
  const session = await openSession(model);
  for (let step = 1; step <= 3; step++) {
    const drawn = noise.map(({ name, shape }): [string, Tensor] => [
      name,
      tensor(
        Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => random.next()),
        shape,
      ),
    ]);
    const results = await session.run({
      ...state,
      ...Object.fromEntries(drawn),
      ...scalars(0.05, step),
      image: forge(pictures(network, 8, size, step)),
      label: tensor([0, 1, 0, 1, 0, 1, 0, 1], [8]),
    });
    state = { ...state, ...Object.fromEntries(carried.map(({ input, output }) => [input, results[output]])) };
    expectConstrained(state[path]);
  }
  await session.dispose();
  // It was the projection that held them, not a gradient of zero.
  expect(floats(state[path]).some((value, i) => Math.abs(value - floats(first)[i]) > 1e-6)).toBe(true);
});

it('projects any kernel onto the constraint', async () => {
  const random = new Random(2);
  const kernel = tensor(
    Float32Array.from({ length: 12 * 3 * 25 }, () => random.uniform(0.1, 2)),
    [12, 3, 5, 5],
  );
  const y = projectPredictionError(input('kernel', kernel.dims));
  const session = await openSession(emitOnnx({ name: 'project', outputs: { y } }));
  const { y: projected } = await session.run({ kernel });
  await session.dispose();
  expectConstrained(projected);
  // Neighbours keep their proportions.
  const [before, after] = [floats(kernel), floats(projected)];
  expect(after[1] / after[0]).toBeCloseTo(before[1] / before[0], 5);
});

it('takes the moments that plain loops take', async () => {
  const x = tensor(
    Float32Array.from({ length: 2 * 3 * 4 * 5 }, (_, i) => Math.sin(i * 1.7) + (i % 3)),
    [2, 3, 4, 5],
  );
  const y = statistics(input('x', ['N', 3, 4, 5]));
  const session = await openSession(emitOnnx({ name: 'moments', outputs: { y } }));
  const { y: told } = await session.run({ x });
  await session.dispose();
  expect(told.dims).toEqual([2, 12]);
  for (const n of [0, 1]) {
    for (const channel of [0, 1, 2]) {
      const from = (n * 3 + channel) * 20;
      const values = [...floats(x).slice(from, from + 20)];
      const mean = values.reduce((sum, value) => sum + value, 0) / 20;
      const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / 20;
      const expected = [mean, variance, Math.max(...values), Math.min(...values)];
      for (const [moment, value] of expected.entries()) {
        expect(floats(told)[n * 12 + moment * 3 + channel]).toBeCloseTo(value, 5);
      }
    }
  }
});

it('leaves other parameters unconstrained', () => {
  const scope = Scope.root('training');
  bayar.build(scope, input('image', [1, 3, 64, 64]), bayar.options.parse({ units: 8 }));
  expect([...scope.constraints.keys()]).toEqual(['constrained/weight']);
});
