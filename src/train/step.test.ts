import { describe, expect, it } from 'vitest';
import { tinyStep } from '../../test/training.ts';
import { Random } from '../base/random.ts';
import { initialWeights } from '../graph/scope.ts';
import { floats, type Tensor } from '../graph/tensor.ts';
import { networkNamed } from '../models/index.ts';
import { frozenPaths } from './freeze.ts';
import { optimiserSchema } from './optimisers/index.ts';
import { buildStep, type StepOptions } from './step.ts';
import { Trainer, type TrainingBatch } from './trainer.ts';

const random = new Random(5);
const batch: TrainingBatch = {
  images: Float32Array.from({ length: 4 * 3 * 16 }, () => random.next()),
  labels: Float32Array.from([1, 0, 1, 0]),
};

async function open(options: StepOptions, initial?: ReadonlyMap<string, Tensor>): Promise<Trainer> {
  const weights = initial ?? initialWeights(buildStep(options).parameters, 1);
  return Trainer.open({ step: options, initial: weights, seed: 1, session: { threads: 1 } });
}

const copy = (values: ReadonlyMap<string, Tensor>) =>
  new Map([...values].map(([key, value]) => [key, Array.from(floats(value))]));

/** Weights after each of some steps. */
async function trace(options: StepOptions, count: number): Promise<Map<string, number[]>[]> {
  const trainer = await open(options);
  const out = [copy(trainer.state())];
  for (let i = 0; i < count; i++) {
    await trainer.step(batch, i, 0.1, i + 1);
    out.push(copy(trainer.state()));
  }
  await trainer.dispose();
  return out;
}

const of = (values: Map<string, number[]>, key: string) => values.get(key) as number[];

describe('decay', () => {
  const sgd = (more: object) => optimiserSchema.parse({ kind: 'sgd', momentum: 0, ...more });

  it('L2 adds to the gradient of weights, and leaves biases and norms alone', async () => {
    const [[first, plain], [, decayed], [, all]] = await Promise.all([
      trace(tinyStep(), 1),
      trace(tinyStep({ optimiser: sgd({ l2: 0.5 }) }), 1),
      trace(tinyStep({ optimiser: sgd({ l2: 0.5, decayAll: true }) }), 1),
    ]);
    for (const [i, w] of of(first, 'head/weight').entries()) {
      expect(of(decayed, 'head/weight')[i]).toBeCloseTo(of(plain, 'head/weight')[i] - 0.1 * 0.5 * w, 6);
    }
    expect(of(decayed, 'head/bias')).toEqual(of(plain, 'head/bias'));
    expect(of(decayed, 'norm/gamma')).toEqual(of(plain, 'norm/gamma'));
    expect(of(all, 'head/bias')[0]).toBeCloseTo(of(plain, 'head/bias')[0] - 0.1 * 0.5 * 0.1, 6);
  });

  it('AdamW shrinks the weight apart from the gradient', async () => {
    const adam = optimiserSchema.parse({ kind: 'adam' });
    const adamw = optimiserSchema.parse({ kind: 'adamw', decay: 0.5 });
    const [[first, plain], [, decayed]] = await Promise.all([
      trace(tinyStep({ optimiser: adam }), 1),
      trace(tinyStep({ optimiser: adamw }), 1),
    ]);
    for (const [i, w] of of(first, 'head/weight').entries()) {
      expect(of(decayed, 'head/weight')[i]).toBeCloseTo(of(plain, 'head/weight')[i] - 0.1 * 0.5 * w, 6);
    }
    expect(of(decayed, 'head/bias')).toEqual(of(plain, 'head/bias'));
  });
});

it('the moving average is exact, of running statistics too', async () => {
  const values = await trace(tinyStep({ ema: 0.75 }), 4);
  for (const key of ['head/weight', 'head/bias', 'norm/gamma', 'norm/mean']) {
    let average = of(values[0], key);
    expect(of(values[0], `ema/${key}`)).toEqual(average);
    for (const after of values.slice(1)) {
      average = average.map((e, i) => e + 0.25 * (of(after, key)[i] - e));
      for (const [i, e] of average.entries()) expect(of(after, `ema/${key}`)[i]).toBeCloseTo(e, 6);
    }
  }
});

describe('freezing', () => {
  it('leaves frozen weights as they are, to the bit, and trains the others', async () => {
    const [before, , , after] = await trace(tinyStep({ freeze: ['head'] }), 3);
    expect(of(after, 'head/weight')).toEqual(of(before, 'head/weight'));
    expect(of(after, 'head/bias')).toEqual(of(before, 'head/bias'));
    expect(of(after, 'norm/gamma')).not.toEqual(of(before, 'norm/gamma'));
  });

  it("a frozen norm keeps its running statistics and answers with them, not with the batch's", async () => {
    const [before, after] = await trace(tinyStep({ freeze: ['norm'] }), 1);
    expect(of(after, 'norm/mean')).toEqual(of(before, 'norm/mean'));
    expect(of(after, 'norm/variance')).toEqual(of(before, 'norm/variance'));
    const trainer = await open(tinyStep({ freeze: ['norm'] }));
    const { scores } = await trainer.step(batch, 0, 0, 1);
    const [w, [bias]] = [of(before, 'head/weight'), of(before, 'head/bias')];
    for (let n = 0; n < 4; n++) {
      const means = [0, 1, 2].map(
        (c) => batch.images.slice((n * 3 + c) * 16, (n * 3 + c + 1) * 16).reduce((a, b) => a + b, 0) / 16,
      );
      const z = means.reduce((sum, m, c) => sum + (m / Math.sqrt(1 + 1e-5)) * w[c], bias);
      expect(scores[n]).toBeCloseTo(1 / (1 + Math.exp(-z)), 5);
    }
    await trainer.dispose();
  });

  it('keeps no state for what stands still', () => {
    const adam = optimiserSchema.parse({ kind: 'adam' });
    const { carried, trained } = buildStep(tinyStep({ optimiser: adam, freeze: ['norm'] }));
    expect(trained).toEqual(['head/weight', 'head/bias']);
    expect(carried.map(({ input }) => input).filter((key) => key.includes('norm'))).toEqual([]);
  });

  it('reads patterns as .gitignore does', () => {
    const { parameters } = buildStep(tinyStep());
    const frozen = (...patterns: string[]) => [...frozenPaths(parameters, patterns)].sort();
    expect(frozen('head')).toEqual(['head/bias', 'head/weight']);
    expect(frozen('*/weight', '**/bias')).toEqual(['head/bias', 'head/weight']);
    expect(frozen('**', '!norm')).toEqual(['head/bias', 'head/weight']);
    expect(() => frozen('hea')).toThrow(/"hea" names no layer; there are: norm, head/);
  });
});

it('SAM moves like its base where the radius is nearly 0, and differently where it is not', async () => {
  const sam = (rho: number) =>
    optimiserSchema.parse({ kind: 'sam', rho, base: { kind: 'sgd', momentum: 0 } });
  const [plain, near, far] = await Promise.all([
    trace(tinyStep(), 2),
    trace(tinyStep({ optimiser: sam(1e-6) }), 2),
    trace(tinyStep({ optimiser: sam(1) }), 2),
  ]);
  expect(of(near[2], 'head/weight')[0]).toBeCloseTo(of(plain[2], 'head/weight')[0], 5);
  expect(of(far[2], 'head/weight')[0]).not.toBeCloseTo(of(plain[2], 'head/weight')[0], 3);
  // Running statistics come from the pass at the weights themselves.
  expect(of(far[1], 'norm/mean')).toEqual(of(plain[1], 'norm/mean'));
});

describe('Trainer', () => {
  it('learns eight pictures by heart', async () => {
    const network = networkNamed('meso4');
    const options: StepOptions = {
      network,
      options: network.options.parse({ dropout: 0 }),
      batchSize: 8,
      size: 32,
      loss: { kind: 'mean-squared-error', smoothing: 0 },
      optimiser: optimiserSchema.parse({ kind: 'adam' }),
    };
    const trainer = await open(options);
    const images = Float32Array.from({ length: 8 * 3 * 32 * 32 }, () => random.next());
    const labels = Float32Array.from([0, 1, 1, 0, 1, 0, 0, 1]);
    const losses: number[] = [];
    for (let i = 0; i < 60; i++) losses.push((await trainer.step({ images, labels }, i, 3e-3, i + 1)).loss);
    expect(losses[0]).toBeGreaterThan(0.05);
    expect(losses[59]).toBeLessThan(1e-3);
    await trainer.dispose();
  });

  it('draws dropout from (seed, step, path) alone', async () => {
    const network = networkNamed('meso4');
    const options: StepOptions = { ...tinyStep(), network, options: network.options.parse({}), size: 32 };
    const big = { images: new Float32Array(4 * 3 * 32 * 32).fill(0.5), labels: batch.labels };
    const scoresAt = async (seed: number, steps: number[]) => {
      const initial = initialWeights(buildStep(options).parameters, 1);
      const trainer = await Trainer.open({ step: options, initial, seed, session: { threads: 1 } });
      let scores: number[] = [];
      for (const step of steps) scores = Array.from((await trainer.step(big, step, 0, 1)).scores);
      await trainer.dispose();
      return scores;
    };
    expect(await scoresAt(1, [7])).toEqual(await scoresAt(1, [3, 7]));
    expect(await scoresAt(1, [7])).not.toEqual(await scoresAt(1, [8]));
    expect(await scoresAt(1, [7])).not.toEqual(await scoresAt(2, [7]));
  });

  it('stops at a picture that is not finite', async () => {
    const trainer = await open(tinyStep());
    const images = batch.images.slice();
    images[7] = Number.NaN;
    await expect(trainer.step({ ...batch, images }, 4, 0.1, 5)).rejects.toThrow(
      /step 5: the input is not finite, first in image/,
    );
    await trainer.dispose();
  });

  it('names the layer whose values overflow, and the last good checkpoint', async () => {
    const network = networkNamed('meso4');
    const options: StepOptions = { ...tinyStep(), network, options: network.options.parse({}), size: 32 };
    const initial = initialWeights(buildStep(options).parameters, 1);
    floats(initial.get('block3/conv/weight') as Tensor).fill(3e38);
    const step = Trainer.open({
      step: options,
      initial,
      seed: 1,
      session: { threads: 1 },
      lastCheckpoint: () => 'checkpoints/step-3',
    });
    const trainer = await step;
    const big = { images: new Float32Array(4 * 3 * 32 * 32).fill(0.5), labels: batch.labels };
    await expect(trainer.step(big, 9, 0.1, 10)).rejects.toMatchObject({
      code: 'TRAINING_DIVERGED',
      message: expect.stringMatching(/step 10: a value is not finite, first in block3\/conv.*step-3/),
    });
    await trainer.dispose();
  });

  it('names a weight that is not finite', async () => {
    const initial = initialWeights(buildStep(tinyStep()).parameters, 1);
    floats(initial.get('head/bias') as Tensor)[0] = Number.POSITIVE_INFINITY;
    const trainer = await open(tinyStep(), initial);
    await expect(trainer.step(batch, 0, 0.1, 1)).rejects.toThrow(
      /a weight is not finite, first in head\/bias/,
    );
    await trainer.dispose();
  });

  it('lists the devices that there are', async () => {
    const initial = initialWeights(buildStep(tinyStep()).parameters, 1);
    const session = { device: 'cuda' as const };
    await expect(Trainer.open({ step: tinyStep(), initial, seed: 1, session })).rejects.toMatchObject({
      code: 'DEVICE_UNAVAILABLE',
      message: expect.stringContaining('cpu'),
    });
  });
});
