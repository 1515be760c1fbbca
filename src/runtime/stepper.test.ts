import { expect, it } from 'vitest';
import { input } from '../graph/leaves.ts';
import { emitOnnx } from '../graph/onnx/emit.ts';
import { tensor } from '../graph/tensor.ts';
import * as ops from '../ops/index.ts';
import { openSession } from './session.ts';
import { Stepper } from './stepper.ts';

/** a' = a + b + x, b' = a: reading a after a' is written would show at once. */
async function open() {
  const [a, b, x, k] = ['a', 'b', 'x', 'k'].map((name) => input(name, [2]));
  const outputs = {
    'next/a': ops.multiply(ops.add(ops.add(a, b), x), k),
    'next/b': a,
    sum: ops.reduceSum(a),
  };
  const session = await openSession(emitOnnx({ name: 'fibonacci', outputs }), { threads: 1 });
  return new Stepper({
    session,
    carried: ['a', 'b'].map((name) => ({ input: name, output: `next/${name}`, shape: [2] })),
    initial: new Map([['a', tensor([1, 10], [2])]]),
    constant: { k: tensor([1, 1], [2]) },
  });
}

const zero = { x: tensor([0, 0], [2]) };

it('carries values through alternating buffers', async () => {
  const stepper = await open();
  const seen: number[] = [];
  for (let i = 0; i < 8; i++) {
    seen.push(Number((await stepper.step(zero)).sum.data[0]) / 11);
    const [now, before] = [stepper.current(), stepper.previous()];
    expect(Array.from(now.get('b')?.data as Float32Array)).toEqual(
      Array.from(before.get('a')?.data as Float32Array),
    );
  }
  expect(seen).toEqual([1, 1, 2, 3, 5, 8, 13, 21]);
  expect(Array.from(stepper.current().get('a')?.data as Float32Array)).toEqual([34, 340]);
  await stepper.dispose();
});

it('writes in place: the same two buffers come round', async () => {
  const stepper = await open();
  const buffers: unknown[] = [];
  for (let i = 0; i < 4; i++) {
    await stepper.step(zero);
    buffers.push(stepper.current().get('a')?.data);
  }
  expect(buffers[0]).toBe(buffers[2]);
  expect(buffers[1]).toBe(buffers[3]);
  expect(buffers[0]).not.toBe(buffers[1]);
  await stepper.dispose();
});
