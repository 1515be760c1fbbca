import { expect, it } from 'vitest';
import { conv2d } from '../ops/conv2d.ts';
import {
  add,
  gradientsOf,
  greater,
  matMul,
  multiply,
  reduceSum,
  relu,
  reverseOps,
  square,
} from '../ops/index.ts';
import { openSession } from '../runtime/session.ts';
import { input, scalar } from './leaves.ts';
import { apply1, inLayer, type Op, topological, type Value } from './node.ts';
import { emitOnnx } from './onnx/emit.ts';
import { decodeModel } from './onnx/proto.ts';
import { gradients } from './reverse.ts';
import { type Tensor, tensor } from './tensor.ts';

async function evaluate(outputs: Record<string, Value>, feeds: Record<string, Tensor>) {
  const session = await openSession(emitOnnx({ name: 'test', outputs }), { threads: 1 });
  try {
    return await session.run(feeds);
  } finally {
    await session.dispose();
  }
}

const row = tensor([1, 2, 3], [3]);

it('sums the gradient of a broadcast value back to its shape', async () => {
  const x = input('x', [2, 3]);
  const b = input('b', [3]);
  const s = input('s', []);
  const [db, ds] = gradientsOf(reduceSum(multiply(add(x, b), s)), [b, s]) as Value[];
  expect([db.type.shape, ds.type.shape]).toEqual([[3], []]);
  const { db: rows, ds: all } = await evaluate(
    { db, ds },
    { x: tensor([1, 1, 1, 2, 2, 2], [2, 3]), b: row, s: tensor([5], []) },
  );
  expect([...rows.data]).toEqual([10, 10, 10]);
  expect([...all.data]).toEqual([9 + 2 * 6]);
});

it('adds up the gradients of a value that is used more than once', async () => {
  const x = input('x', [3]);
  // f = Σ x² + x · x + 3 x, f' = 4 x + 3
  const loss = reduceSum(add(add(square(x), multiply(x, x)), multiply(x, scalar(3))));
  const [dx] = gradientsOf(loss, [x]) as Value[];
  const { g } = await evaluate({ g: dx }, { x: row });
  expect([...g.data]).toEqual([7, 11, 15]);
});

it('adds up over paths that meet again deep below', async () => {
  let x = input('x', []);
  const first = x;
  for (let i = 0; i < 10; i++) x = add(x, x);
  const [dx] = gradientsOf(x, [first]) as Value[];
  const { g } = await evaluate({ g: dx }, { x: tensor([1], []) });
  expect([...g.data]).toEqual([1024]);
});

it('computes only what is wanted', () => {
  const x = input('x', [2, 3, 8, 8]);
  const w = input('w', [4, 3, 3, 3]);
  const loss = reduceSum(conv2d(x, w, { padding: 1 }));
  const types = (wanted: readonly Value[]) => {
    const found = Object.fromEntries(gradientsOf(loss, wanted).map((g, i) => [`g${i}`, g as Value]));
    const { graph } = decodeModel(emitOnnx({ name: 'test', outputs: found }));
    return (graph.node ?? []).map(({ opType }) => opType);
  };
  const [onlyX, onlyW, both] = [types([x]), types([w]), types([x, w])];
  // The gradient of pictures is a convolution; the kernel's, here, is matrix products.
  expect(onlyX.filter((type) => type.startsWith('Conv'))).toHaveLength(1);
  expect(onlyX).not.toContain('FusedMatMul');
  expect(onlyX.length).toBeLessThan(both.length);
  expect(onlyW.length).toBeLessThan(both.length);
});

it('stops at the wanted value: layers before it are neither differentiated nor kept', () => {
  const image = input('image', [4, 3]);
  const frozen = input('frozen', [3, 3]);
  const head = input('head', [3, 1]);
  const features = relu(matMul(image, frozen));
  const loss = reduceSum(matMul(features, head));
  const [dHead] = gradientsOf(loss, [head]) as Value[];
  const names = topological([dHead]).map(({ op }) => op.name);
  expect(names).not.toContain('reluGradient');
  expect(names.filter((name) => name === 'matMul')).toHaveLength(2);
});

it('differentiates with respect to values in the middle of the graph', async () => {
  const x = input('x', [3]);
  const middle = square(x);
  const [g] = gradientsOf(reduceSum(multiply(middle, middle)), [middle]) as Value[];
  const { g: values } = await evaluate({ g }, { x: row });
  expect([...values.data]).toEqual([2, 8, 18]);
});

it('is undefined where the loss does not depend on the value', () => {
  const [x, unrelated] = [input('x', [3]), input('unrelated', [3])];
  const [dx, none] = gradientsOf(reduceSum(x), [x, unrelated]);
  expect(dx).toBeDefined();
  expect(none).toBeUndefined();
});

it('names operation, layer and reason where a gradient is blocked', () => {
  const x = input('x', [3]);
  const blocked: Op<void> = {
    name: 'blocked',
    infer: ([type]) => [type],
    emit: ({ inputs }) => inputs,
    gradient: { notDifferentiable: 'because we say so' },
  };
  const y = inLayer('block1', () => inLayer('gate', () => apply1(blocked, [x], undefined)));
  expect(() => gradientsOf(reduceSum(y), [x])).toThrow(
    'the gradient is blocked at blocked in layer block1/gate: because we say so',
  );
  // Where nobody wants what is behind it, it blocks nothing.
  const w = input('w', [3]);
  expect(gradientsOf(reduceSum(multiply(y, w)), [w])[0]).toBeDefined();
});

it('a condition blocks nothing on the way through the branches', () => {
  const x = input('x', [3]);
  expect(() => gradientsOf(reduceSum(multiply(x, x)), [x])).not.toThrow();
  expect(() => gradientsOf(reduceSum(greater(x, scalar(0))), [x])).toThrow('constant almost everywhere');
});

it('checks that a gradient has one entry an input', () => {
  const careless: Op<void> = {
    name: 'careless',
    infer: ([type]) => [type],
    emit: ({ inputs }) => [inputs[0]],
    gradient: ({ outputGradients: [dy] }) => [dy],
  };
  const [a, b] = [input('a', [3]), input('b', [3])];
  const loss = reduceSum(apply1(careless, [a, b], undefined));
  expect(() => gradients(loss, [a], reverseOps)).toThrow('careless has 2 inputs but 1 gradients');
});

it('wants a scalar loss', () => {
  const x = input('x', [3]);
  expect(() => gradientsOf(x, [x])).toThrow('a loss must be a scalar, this one is [3]');
});
