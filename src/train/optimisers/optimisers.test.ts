import { describe, expect, it } from 'vitest';
import { evaluate, vector } from '../../../test/training.ts';
import { Random } from '../../base/random.ts';
import { input, scalar } from '../../graph/leaves.ts';
import type { Value } from '../../graph/node.ts';
import { emitOnnx } from '../../graph/onnx/emit.ts';
import { type Tensor, tensor } from '../../graph/tensor.ts';
import * as ops from '../../ops/index.ts';
import { openSession } from '../../runtime/session.ts';
import { clipByNorm, globalNorm } from '../clip.ts';
import { type OptimiserOptions, optimiserOf, optimiserSchema } from './index.ts';
import { sharpnessAware } from './sam.ts';

const size = 5;
const steps = 12;
const rate = (step: number) => 0.05 / step;
/** Gradients of very different size, one of them always 0. */
const random = new Random(3);
const gradients = Array.from({ length: steps }, () =>
  [1, 1e-3, 1e-6, 100, 0].map((scale) => scale * random.normal()),
);
const start = [1, -2, 0.5, 3, 0.25];

/** The rule through ONNX Runtime: weights after each step. */
async function run(options: OptimiserOptions): Promise<number[][]> {
  const rule = optimiserOf(options);
  const names = Object.keys(rule.scalars(1, 1));
  const { weight, slots } = rule.update({
    weight: input('w', [size]),
    gradient: input('g', [size]),
    slots: Object.fromEntries(rule.slots.map((slot) => [slot, input(slot, [size])])),
    scalars: Object.fromEntries(names.map((name) => [`${name}`, input(`scalar/${name}`, [])])),
  });
  const outputs = { weight, ...Object.fromEntries(rule.slots.map((slot) => [`next/${slot}`, slots[slot]])) };
  const session = await openSession(emitOnnx({ name: 'rule', outputs }), { threads: 1 });
  let state: Record<string, Tensor> = Object.fromEntries(
    rule.slots.map((slot) => [slot, tensor(new Float32Array(size), [size])]),
  );
  let w: Tensor = vector(...start);
  const trace: number[][] = [];
  for (let t = 1; t <= steps; t++) {
    const scalars = Object.entries(rule.scalars(rate(t), t)).map(([name, value]) => [
      `scalar/${name}`,
      tensor([value], []),
    ]);
    const results = await session.run({
      w,
      g: vector(...gradients[t - 1]),
      ...state,
      ...Object.fromEntries(scalars),
    });
    w = results.weight;
    state = Object.fromEntries(rule.slots.map((slot) => [slot, results[`next/${slot}`]]));
    trace.push(Array.from(w.data as Float32Array));
  }
  await session.dispose();
  return trace;
}

/** float64 loops, straight from the papers. */
function reference(step: (w: number, g: number, t: number, memory: number[]) => number): number[][] {
  let w = [...start];
  const memory = start.map(() => [0, 0]);
  return gradients.map((g, k) => {
    w = w.map((value, i) => step(value, g[i], k + 1, memory[i]));
    return w;
  });
}

function expectClose(got: number[][], wanted: number[][]): void {
  for (const [t, row] of wanted.entries()) {
    for (const [i, value] of row.entries()) {
      expect(Math.abs(got[t][i] - value), `step ${t + 1}, weight ${i}`).toBeLessThan(
        2e-6 * (1 + Math.abs(value)),
      );
    }
  }
}

const adamReference = (placement: 'torch' | 'keras', epsilon: number) =>
  reference((w, g, t, memory) => {
    memory[0] = 0.9 * memory[0] + 0.1 * g;
    memory[1] = 0.999 * memory[1] + 0.001 * g * g;
    const [c1, c2] = [1 - 0.9 ** t, 1 - 0.999 ** t];
    if (placement === 'torch')
      return w - (rate(t) * (memory[0] / c1)) / (Math.sqrt(memory[1] / c2) + epsilon);
    return w - (((rate(t) * Math.sqrt(c2)) / c1) * memory[0]) / (Math.sqrt(memory[1]) + epsilon);
  });

describe('optimisers against float64 loops', () => {
  // An ε as large as the small gradients shows where it stands.
  it.each(['torch', 'keras'] as const)('adam, epsilon as %s has it', async (epsilonPlacement) => {
    const options = optimiserSchema.parse({ kind: 'adam', epsilon: 1e-4, epsilonPlacement });
    expectClose(await run(options), adamReference(epsilonPlacement, 1e-4));
    expect(adamReference('torch', 1e-4)[3][1]).not.toBeCloseTo(adamReference('keras', 1e-4)[3][1], 3);
  });

  it('adam moves a weight without gradients nowhere', async () => {
    const trace = await run(optimiserSchema.parse({ kind: 'adam' }));
    expect(trace.every((row) => row[4] === start[4])).toBe(true);
  });

  it.each([false, true])('sgd with momentum, nesterov %s', async (nesterov) => {
    const options = optimiserSchema.parse({ kind: 'sgd', momentum: 0.8, nesterov });
    const wanted = reference((w, g, t, memory) => {
      memory[0] = 0.8 * memory[0] + g;
      return w - rate(t) * (nesterov ? g + 0.8 * memory[0] : memory[0]);
    });
    expectClose(await run(options), wanted);
  });

  it('plain sgd keeps no state', () => {
    expect(optimiserOf(optimiserSchema.parse({ kind: 'sgd', momentum: 0 })).slots).toEqual([]);
  });
});

describe('clipping', () => {
  const a = input('a', [2]);
  const b = input('b', [2, 1]);
  const feeds = { a: vector(3, 0), b: tensor([0, 4], [2, 1]) };

  it('scales all gradients by one factor where their norm is above the limit', async () => {
    const norm = globalNorm([a, b]);
    const [x, y] = clipByNorm([a, b], norm, 2.5);
    const results = await evaluate({ norm, x, y }, feeds);
    expect(results.norm).toEqual([5]);
    expect(results.x[0]).toBeCloseTo(1.5, 6);
    expect(results.y[1]).toBeCloseTo(2, 6);
  });

  it('leaves smaller ones alone, to the bit', async () => {
    const [x] = clipByNorm([a, b], globalNorm([a, b]), 5.1);
    expect((await evaluate({ x }, feeds)).x).toEqual([3, 0]);
  });
});

describe('SAM', () => {
  /** L = ½ Σ a w², so the gradient at w is a w, and SAM's is a (w + ρ a w / ‖a w‖). */
  it('takes the gradient at the worst point nearby, exactly on a quadratic', async () => {
    const curvature = [1, 4, 0.5];
    const w = [2, -1, 3];
    const value = input('w', [3]);
    const a = input('a', [3]);
    const loss: Value = ops.multiply(ops.reduceSum(ops.multiply(a, ops.square(value))), scalar(0.5));
    const [gradient] = ops.gradientsOf(loss, [value]);
    const [sharp] = sharpnessAware(loss, [value], [gradient as Value], 0.3);
    const results = await evaluate({ sharp, loss }, { w: vector(...w), a: vector(...curvature) });
    const plain = w.map((x, i) => curvature[i] * x);
    const norm = Math.hypot(...plain);
    for (const [i, x] of w.entries()) {
      expect(results.sharp[i]).toBeCloseTo(curvature[i] * (x + (0.3 * plain[i]) / norm), 5);
    }
    // The loss that is reported stays the one at w.
    expect(results.loss[0]).toBeCloseTo((4 + 4 + 4.5) / 2, 6);
  });

  it('shares one norm between all weights', async () => {
    const [u, v] = [input('u', [1]), input('v', [1])];
    const loss = ops.reduceSum(ops.add(ops.square(u), ops.multiply(ops.square(v), scalar(2))));
    const plain = ops.gradientsOf(loss, [u, v]) as Value[];
    const [gu, gv] = sharpnessAware(loss, [u, v], plain, 1);
    const results = await evaluate({ gu, gv }, { u: vector(1.5), v: vector(1) });
    // g = (3, 4), norm 5.
    expect(results.gu[0]).toBeCloseTo(2 * (1.5 + 3 / 5), 5);
    expect(results.gv[0]).toBeCloseTo(4 * (1 + 4 / 5), 5);
  });
});
