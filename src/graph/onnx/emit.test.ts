import { expect, it } from 'vitest';
import * as ops from '../../ops/index.ts';
import { openSession } from '../../runtime/session.ts';
import { input } from '../leaves.ts';
import { inLayer } from '../node.ts';
import { tensor } from '../tensor.ts';
import { emitOnnx } from './emit.ts';
import { decodeModel } from './proto.ts';

const x = input('x', ['N', 2]);
const w = input('layer/weight', [3, 2]);
const y = inLayer('layer', () => ops.dense(x, w));

it('names nodes by layer and keeps the names and order of inputs and outputs', () => {
  const { graph } = decodeModel(emitOnnx({ name: 'test', outputs: { scores: y, again: y } }));
  expect(graph.input?.map(({ name }) => name)).toEqual(['x', 'layer/weight']);
  expect(graph.output?.map(({ name }) => name)).toEqual(['scores', 'again']);
  expect(graph.node?.[0].name).toBe('layer/Gemm');
  expect(graph.output?.[0].type?.tensorType?.shape?.dim).toEqual([{ dimParam: 'N' }, { dimValue: 3 }]);
});

it('stores given weights in the model, for any batch', async () => {
  const weights = new Map([['layer/weight', tensor([1, 0, 0, 1, 1, 1], [3, 2])]]);
  const session = await openSession(emitOnnx({ name: 'test', outputs: { y }, weights }));
  expect(session.inputs).toEqual(['x']);
  for (const n of [1, 3]) {
    const batch = tensor(
      Array.from({ length: 2 * n }, (_, i) => i + 1),
      [n, 2],
    );
    const { y: scores } = await session.run({ x: batch });
    expect(scores.dims).toEqual([n, 3]);
    expect([...scores.data].slice(0, 3)).toEqual([1, 2, 3]);
  }
  await session.dispose();
});

it('refuses a weight of another shape', () => {
  const weights = new Map([['layer/weight', tensor([1, 2], [2])]]);
  expect(() => emitOnnx({ name: 'test', outputs: { y }, weights })).toThrow(
    'weight layer/weight is [2], the network wants [3, 2]',
  );
});

it('tells an operation which of its outputs anything reads', () => {
  const picture = input('picture', [1, 1, 4, 4]);
  const pooled = ops.maxPool2d(picture, { kernel: 2 });
  const outputsOf = (outputs: Record<string, typeof pooled>) =>
    decodeModel(emitOnnx({ name: 'test', outputs })).graph.node?.find(({ opType }) => opType === 'MaxPool')
      ?.output;
  expect(outputsOf({ pooled })).toHaveLength(1);
  const [gradient] = ops.gradientsOf(ops.reduceSum(pooled), [picture]);
  expect(outputsOf({ gradient: gradient as typeof pooled })).toHaveLength(2);
});

it('lets an output carry the name of a layer without a clash', async () => {
  const clash = inLayer('y', () => ops.add(x, x));
  const session = await openSession(
    emitOnnx({ name: 'test', outputs: { 'y/Add': clash, 'y/Add:0': clash } }),
  );
  expect(session.outputs).toEqual(['y/Add', 'y/Add:0']);
  await session.dispose();
});
