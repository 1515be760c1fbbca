import { describe, expect, it } from 'vitest';
import { evaluate, vector } from '../../../test/training.ts';
import { input } from '../../graph/leaves.ts';
import type { Value } from '../../graph/node.ts';
import { tensor } from '../../graph/tensor.ts';
import type { NetworkOutputs } from '../../models/network.ts';
import * as ops from '../../ops/index.ts';
import { buildLoss, type LossOptions, lossSchema, needsMasks } from './index.ts';
import { patchCentres } from './patch-centres.ts';
import { maskAtCentres } from './pixel-cross-entropy.ts';

const image = input('image', [2, 3, 4, 4]);
const label = input('label', [2]);
const one = input('one', [2, 1]);
const two = input('two', [2, 2]);
const feeds = {
  label: vector(1, 0),
  one: tensor([0.4, -1.2], [2, 1]),
  two: tensor([0.3, -0.5, 2, 1], [2, 2]),
};

const sigmoid = (z: number) => 1 / (1 + Math.exp(-z));
const score = (logits: Value) => ops.reshape(ops.sigmoid(logits), [2]);

async function lossOf(options: LossOptions, outputs: NetworkOutputs, weight?: number[]): Promise<number> {
  const labels = { label, ...(weight ? { weight: input('weight', [2]) } : {}) };
  const loss = buildLoss(options, { outputs, labels, image });
  const results = await evaluate({ loss }, { ...feeds, ...(weight ? { weight: vector(...weight) } : {}) });
  return results.loss[0];
}

describe('losses against numbers worked out by hand', () => {
  const outputs = { score: score(one), logits: one };

  it('mean squared error is half the squared distance of the probability', async () => {
    const expected = ((sigmoid(0.4) - 1) ** 2 / 2 + sigmoid(-1.2) ** 2 / 2) / 2;
    expect(await lossOf({ kind: 'mean-squared-error', smoothing: 0 }, outputs)).toBeCloseTo(expected, 6);
  });

  it('cross entropy on one logit is the binary one', async () => {
    const expected = -(Math.log(sigmoid(0.4)) + Math.log(1 - sigmoid(-1.2))) / 2;
    expect(await lossOf({ kind: 'cross-entropy', smoothing: 0 }, outputs)).toBeCloseTo(expected, 6);
  });

  it('cross entropy on two logits is the softmax one, the second class being manipulated', async () => {
    const of = (real: number, fake: number, t: number) => {
      const sum = Math.log(Math.exp(real) + Math.exp(fake));
      return -(t * (fake - sum) + (1 - t) * (real - sum));
    };
    const expected = (of(0.3, -0.5, 1) + of(2, 1, 0)) / 2;
    const softmax = { score: score(one), logits: two };
    expect(await lossOf({ kind: 'cross-entropy', smoothing: 0 }, softmax)).toBeCloseTo(expected, 6);
    const smoothed = (of(0.3, -0.5, 0.9) + of(2, 1, 0.1)) / 2;
    expect(await lossOf({ kind: 'cross-entropy', smoothing: 0.2 }, softmax)).toBeCloseTo(smoothed, 6);
  });

  it('stays finite where a probability would round to 0', async () => {
    const far = { score: score(one), logits: ops.multiply(one, input('scale', [1])) };
    const loss = buildLoss(
      { kind: 'cross-entropy', smoothing: 0 },
      { outputs: far, labels: { label }, image },
    );
    const { loss: values } = await evaluate({ loss }, { ...feeds, label: vector(0, 1), scale: vector(500) });
    // z = 200 and -600, both on the wrong side.
    expect(values[0]).toBeCloseTo(400, 2);
  });

  it('weighs pictures and divides by their number', async () => {
    const expected = (-3 * Math.log(sigmoid(0.4)) - 0.5 * Math.log(1 - sigmoid(-1.2))) / 2;
    expect(await lossOf({ kind: 'cross-entropy', smoothing: 0 }, outputs, [3, 0.5])).toBeCloseTo(expected, 6);
  });

  it('names what is missing', () => {
    const build = (options: LossOptions) =>
      buildLoss(options, { outputs: { score: score(one) }, labels: { label }, image });
    expect(() => build({ kind: 'cross-entropy', smoothing: 0 })).toThrow(/needs a network that classifies/);
    expect(() => build({ kind: 'pixel-cross-entropy', smoothing: 0 })).toThrow(/needs a network with a map/);
  });
});

describe('losses on maps', () => {
  const map = input('map', [2, 1, 2, 2]);
  const mask = input('mask', [2, 2, 2]);
  const values = [0.5, -0.5, 1, 2, 0, 0.3, -2, 1];
  const truth = [1, 0, 1, 1, 0, 0, 1, 0.5];
  const outputs = { score: score(one), logits: one, mapLogits: map };
  const more = { map: tensor(values, [2, 1, 2, 2]), mask: tensor(truth, [2, 2, 2]) };
  const pixels =
    values.reduce((sum, z, i) => sum + Math.log(1 + Math.exp(z)) - truth[i] * z, 0) / values.length;
  const classes = -(Math.log(sigmoid(0.4)) + Math.log(1 - sigmoid(-1.2))) / 2;

  it('averages the cross entropy over pixels', async () => {
    const loss = buildLoss(
      { kind: 'pixel-cross-entropy', smoothing: 0 },
      { outputs, labels: { label, mask }, image },
    );
    expect((await evaluate({ loss }, { ...feeds, ...more })).loss[0]).toBeCloseTo(pixels, 6);
  });

  it('lets manipulated pixels count more, and unknown ones not at all', async () => {
    const unknown = [...truth.slice(0, 4), -1, -1, -1, -1];
    const expected =
      values.slice(0, 4).reduce((sum, z, i) => {
        const weight = truth[i] * 3 + (1 - truth[i]);
        return sum + weight * (Math.log(1 + Math.exp(z)) - truth[i] * z);
      }, 0) / values.length;
    const options = lossSchema.parse({
      kind: 'pixel-cross-entropy',
      manipulatedPixels: 3,
      unmasked: 'ignored',
    });
    const loss = buildLoss(options, { outputs, labels: { label, mask }, image });
    const given = { ...feeds, map: more.map, mask: tensor(unknown, [2, 2, 2]) };
    expect((await evaluate({ loss }, given)).loss[0]).toBeCloseTo(expected, 6);
  });

  it.each([0, 0.25, 1])('joins both with lambda %s', async (lambda) => {
    const options: LossOptions = { kind: 'joint', smoothing: 0, lambda };
    const loss = buildLoss(options, { outputs, labels: { label, mask }, image });
    const expected = lambda * pixels + (1 - lambda) * classes;
    expect((await evaluate({ loss }, { ...feeds, ...more })).loss[0]).toBeCloseTo(expected, 6);
    expect(needsMasks(options)).toBe(lambda > 0);
  });
});

describe('patch centres', () => {
  const picture = input('image', [1, 3, 128, 128]);
  const kernel = (k: number, channels: number) => input(`k${k}-${channels}`, [3, channels, k, k]);
  /** The feature extractor of 004, Table I: two convolutions, a 3x3 pooling of stride 2, six convolutions. */
  const features = () => {
    let x = picture;
    for (let i = 0; i < 2; i++) x = ops.relu(ops.conv2d(x, kernel(3, 3)));
    x = ops.maxPool2d(x, { kernel: 3, stride: 2 });
    for (let i = 0; i < 6; i++) x = ops.relu(ops.conv2d(x, kernel(3, 3)));
    return x;
  };

  it('follows valid windows: 49 x 49 patches of stride 2 in 128 pixels', () => {
    const x = features();
    expect(x.type.shape).toEqual([1, 3, 49, 49]);
    expect(patchCentres(x, picture)).toEqual({ stride: [2, 2], first: [15, 15], field: [31, 31] });
  });

  it("counts 'same' padding back to the border", () => {
    const x = ops.conv2d(ops.conv2d(picture, kernel(3, 3), { padding: 1, stride: 2 }), kernel(3, 3), {
      padding: 1,
    });
    expect(patchCentres(x, picture)).toEqual({ stride: [2, 2], first: [0, 0], field: [7, 7] });
  });

  it('refuses what moves pixels otherwise', () => {
    const x = ops.resize2d(picture, { size: [32, 32], mode: 'bilinear' });
    expect(() => patchCentres(x, picture)).toThrow(/resize2d/);
  });

  it('keeps the patches of a way that another, resized, brings context to', () => {
    const near = ops.conv2d(picture, kernel(3, 3), { padding: 1, stride: 2 });
    const far = ops.conv2d(near, kernel(3, 3), { padding: 1, stride: 2 });
    const context = ops.resize2d(far, { size: [64, 64], mode: 'bilinear' });
    expect(patchCentres(ops.relu(ops.add(near, context)), picture)).toEqual(patchCentres(near, picture));
    expect(() => patchCentres(ops.relu(context), picture)).toThrow(/resize2d/);
  });

  it('picks the mask there', async () => {
    const mask = input('mask', [1, 128, 128]);
    const labels = maskAtCentres(mask, features(), picture);
    const values = Float32Array.from({ length: 128 * 128 }, (_, i) => Math.floor(i / 128) * 1000 + (i % 128));
    const { labels: picked } = await evaluate({ labels }, { mask: tensor(values, [1, 128, 128]) });
    expect(picked).toHaveLength(49 * 49);
    expect(picked[0]).toBe(15_015);
    expect(picked[1]).toBe(15_017);
    expect(picked[49]).toBe(17_015);
    expect(picked.at(-1)).toBe(111_111);
  });
});

it('fills in the defaults of a loss and refuses others', () => {
  expect(lossSchema.parse({ kind: 'mean-squared-error' })).toEqual({
    kind: 'mean-squared-error',
    smoothing: 0,
  });
  expect(lossSchema.safeParse({ kind: 'joint' }).success).toBe(false);
  expect(lossSchema.safeParse({ kind: 'joint', lambda: 1.5 }).success).toBe(false);
});
