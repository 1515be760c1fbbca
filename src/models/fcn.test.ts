import { expect, it } from 'vitest';
import { input } from '../graph/leaves.ts';
import { topological, type Value } from '../graph/node.ts';
import { emitOnnx } from '../graph/onnx/emit.ts';
import { initialWeights, Scope } from '../graph/scope.ts';
import { floats } from '../graph/tensor.ts';
import * as ops from '../ops/index.ts';
import { openSession } from '../runtime/session.ts';
import { pattern } from './cases/formula.ts';
import { fcn } from './fcn.ts';

function build(size: number) {
  const scope = Scope.root('inference');
  const image = input('image', [1, 3, size, size]);
  return { scope, image, outputs: fcn.build(scope, image, {}) };
}

it('has the layers of table I', () => {
  const { outputs } = build(128);
  const sizes = topological([outputs.map as Value, outputs.score])
    .filter(({ op }) => op.name === 'conv2d' || op.name === 'maxPool2d')
    .map(({ outputs: [{ type }] }) => type.shape.slice(1).join());
  expect(sizes).toEqual([
    '32,126,126',
    '32,124,124',
    '32,61,61',
    '64,59,59',
    '64,57,57',
    '128,55,55',
    '128,53,53',
    '256,51,51',
    '256,49,49',
    '2,49,49',
  ]);
  expect(outputs.logits?.type.shape).toEqual([1, 2]);
});

it('sees 31 pixels, two less than table I prints, centred on 15 + 2 i', async () => {
  const { scope, image, outputs } = build(64);
  const mapLogits = outputs.mapLogits as Value;
  const [rows, columns] = [3, 8];
  const cell = [rows, columns].reduce(
    (x, at, axis) => ops.slice(x, { axis: axis + 2, from: at, to: at + 1 }),
    ops.slice(mapLogits, { axis: 1, from: 1, to: 2 }),
  );
  const [gradient] = ops.gradientsOf(ops.reduceSum(cell), [image]) as [Value];
  const session = await openSession(
    emitOnnx({ name: 'field', outputs: { gradient }, weights: initialWeights(scope.parameters, 1) }),
  );
  const told = await session.run({ image: pattern('image', [1, 3, 64, 64]) });
  await session.dispose();
  const seen = { rows: [64, -1], columns: [64, -1] };
  for (const [i, value] of floats(told.gradient).entries()) {
    if (value === 0) continue;
    const [y, x] = [Math.floor(i / 64) % 64, i % 64];
    seen.rows = [Math.min(seen.rows[0], y), Math.max(seen.rows[1], y)];
    seen.columns = [Math.min(seen.columns[0], x), Math.max(seen.columns[1], x)];
  }
  const around = (at: number) => [15 + 2 * at - 15, 15 + 2 * at + 15];
  expect(seen).toEqual({ rows: around(rows), columns: around(columns) });
});
