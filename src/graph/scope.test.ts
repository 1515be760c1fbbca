import { expect, it } from 'vitest';
import { add } from '../ops/add.ts';
import { conv2d } from '../ops/conv2d.ts';
import { input } from './leaves.ts';
import { initialWeights, Scope, trainableCount } from './scope.ts';

const kaiming = { kind: 'he-normal', fan: 50 } as const;

function network(scope: Scope): void {
  for (const name of ['block1', 'block2']) {
    scope.layer(name, (block) => {
      block.parameter('weight', [20, 50], kaiming);
      block.parameter('bias', [20], { kind: 'constant', value: 0.5 });
      block.parameter('mean', [20], { kind: 'constant', value: 0 }, { trainable: false });
    });
  }
}

it('gives the same first values for the same seed, others for another seed or path', () => {
  const [one, two] = [Scope.root('training'), Scope.root('inference')];
  network(one);
  network(two);
  const first = initialWeights(one.parameters, 7);
  expect(initialWeights(two.parameters, 7)).toEqual(first);
  expect(initialWeights(one.parameters, 8).get('block1/weight')).not.toEqual(first.get('block1/weight'));
  expect(first.get('block2/weight')?.data).not.toEqual(first.get('block1/weight')?.data);
});

it('does not change the values of one layer when another is added', () => {
  const [short, long] = [Scope.root('training'), Scope.root('training')];
  network(short);
  long.layer('stem', (stem) => stem.parameter('weight', [3, 3], kaiming));
  network(long);
  const key = 'block2/weight';
  expect(initialWeights(long.parameters, 1).get(key)).toEqual(initialWeights(short.parameters, 1).get(key));
});

it.each([
  ['he-normal', kaiming, Math.sqrt(2 / 50)],
  ['normal', { kind: 'normal', deviation: 0.02 } as const, 0.02],
  ['glorot-uniform', { kind: 'glorot-uniform', fanIn: 50, fanOut: 20 } as const, Math.sqrt(2 / 70)],
  ['fan-in-uniform', { kind: 'fan-in-uniform', fanIn: 50 } as const, Math.sqrt(1 / 150)],
])('%s has the deviation that its source states', (_, initializer, deviation) => {
  const scope = Scope.root('training');
  scope.parameter('weight', [200, 50], initializer);
  const values = initialWeights(scope.parameters, 3).get('weight')?.data as Float32Array;
  const mean = values.reduce((sum, v) => sum + v, 0) / values.length;
  const spread = Math.sqrt(values.reduce((sum, v) => sum + v * v, 0) / values.length);
  expect(Math.abs(mean)).toBeLessThan(deviation * 0.05);
  expect(Math.abs(spread / deviation - 1)).toBeLessThan(0.03);
});

it('shares a parameter that is asked for twice, and refuses a second shape', () => {
  const scope = Scope.root('training');
  const layer = (shape: number[]) => scope.layer('tied', (tied) => tied.parameter('weight', shape, kaiming));
  expect(layer([2, 3])).toBe(layer([2, 3]));
  expect(scope.parameters).toHaveLength(1);
  expect(() => layer([3, 2])).toThrow('two shapes for the parameter tied/weight');
});

it('counts trainable parameters only', () => {
  const scope = Scope.root('training');
  network(scope);
  expect(trainableCount(scope.parameters)).toBe(2 * (20 * 50 + 20));
});

it('keeps updates by path and refuses those of unknown parameters', () => {
  const scope = Scope.root('training');
  network(scope);
  const next = scope.layer('block1', (block) => {
    const mean = block.parameter('mean', [20], { kind: 'constant', value: 0 });
    const value = add(mean, mean);
    block.update('mean', value);
    return value;
  });
  expect([...scope.updates]).toEqual([['block1/mean', next]]);
  expect(() => scope.update('mean', next)).toThrow('no parameter mean to update');
});

it('names noise by layer', () => {
  const scope = Scope.root('training');
  scope.layer('head', (head) => head.noise('dropout', [4, 16]));
  expect([...scope.noiseInputs.keys()]).toEqual(['noise/head/dropout']);
});

it('puts the layer into the message of a shape error', () => {
  const scope = Scope.root('training');
  const x = input('x', [1, 4, 8, 8]);
  const build = () =>
    scope.layer('block1', (block) =>
      block.layer('conv', (conv) => conv2d(x, conv.parameter('weight', [8, 3, 3, 3], kaiming))),
    );
  expect(build).toThrow(
    'conv2d: 4 channels do not match 1 groups of 3, given [1, 4, 8, 8] and [8, 3, 3, 3], in layer block1/conv',
  );
});
