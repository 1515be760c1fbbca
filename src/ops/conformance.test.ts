/**
 * One suite for the whole catalogue. Every case runs through ONNX Runtime: its result is held against plain loops,
 * and its gradients against central differences of those loops in float64, where they are exact to about 1e-9; what
 * is left is ONNX Runtime's float32.
 */
import { readdirSync } from 'node:fs';
import { expect, it } from 'vitest';
import { Random } from '../base/random.ts';
import { constant, input } from '../graph/leaves.ts';
import type { Value } from '../graph/node.ts';
import { emitOnnx } from '../graph/onnx/emit.ts';
import { type Tensor, tensor } from '../graph/tensor.ts';
import { channelBlock } from '../runtime/channel-block.ts';
import { openSession } from '../runtime/session.ts';
import { type Array64, type Case, draw } from './cases/case.ts';
import { cases } from './cases/index.ts';
import { add, gradientsOf, multiply, operations, reduceSum } from './index.ts';

/** Gradients with more elements than this are checked at so many places, and along one random direction. */
const places = 40;
const step = 1e-4;

/** Channels a block of the blocked layout here; convolutions are tried in both layouts where there is one. */
const block = await channelBlock();

/** Of the modules that hold no operation: what operations share, and the list itself. */
const shared = [
  'convolution-shape',
  'convolve',
  'phased-gradient',
  'elementwise',
  'index',
  'reduce',
  'gradients',
  'emission-choice',
  'unfold',
];

it('lists exactly what the folder holds', async () => {
  const files = readdirSync(import.meta.dirname).filter((file) => /^[^.]+\.ts$/.test(file));
  const found = new Set<string>();
  for (const file of files.map((name) => name.slice(0, -3)).filter((name) => !shared.includes(name))) {
    const module: Record<string, unknown> = await import(`./${file}.ts`);
    const mine = Object.entries(module).filter(([name]) => name.endsWith('Op'));
    for (const [name] of mine) found.add(name.slice(0, -2));
    expect(mine.length, `${file}.ts holds one operation`).toBeLessThanOrEqual(1);
    const main = file.replaceAll(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
    expect(module, `${file}.ts is named after what it offers`).toHaveProperty(main);
    expect(cases[main]?.length, `${main} has cases in src/ops/cases`).toBeGreaterThan(0);
  }
  expect([...operations.keys()].sort()).toEqual([...found].sort());
});

for (const [name, list] of Object.entries(cases)) {
  for (const example of list)
    it(`${name}: ${example.name}`, () => check(`${name}: ${example.name}`, example));
}

async function check(title: string, example: Case): Promise<void> {
  const random = new Random(1, title);
  const arrays = example.inputs.map((spec) => draw(spec, random));
  const expected = listOf(example.reference(arrays));
  const inputs = arrays.map(({ dims }, i) => input(`x${i}`, dims));
  const outputs = listOf(example.build(inputs));
  expect(outputs.map(({ type }) => type.shape)).toEqual(expected.map(({ dims }) => dims));

  // A random linear functional of all outputs: its gradient sees every entry of the Jacobian.
  const weights = expected.map(({ data }) => Float32Array.from(data, () => random.normal()));
  const wanted = inputs.filter((_, i) => !example.constants?.includes(i));
  const differentiable = outputs[0].type.dtype === 'float32' && hasGradient(outputs[0]) && wanted.length > 0;
  const graph: Record<string, Value> = {};
  for (const [i, output] of outputs.entries()) graph[`y${i}`] = output;
  if (differentiable) {
    const loss = outputs
      .map((y, i) => reduceSum(multiply(y, constant(tensor(weights[i], expected[i].dims)))))
      .reduce((sum, term) => add(sum, term));
    for (const [i, gradient] of gradientsOf(loss, inputs).entries()) {
      if (!wanted.includes(inputs[i])) continue;
      expect(gradient?.type.shape, `gradient of input ${i}`).toEqual(inputs[i].type.shape);
      graph[`all${i}`] = gradient as Value;
      graph[`only${i}`] = gradientsOf(loss, [inputs[i]])[0] as Value;
    }
  }
  const results = await execute(graph, arrays);
  for (const [i, { data }] of expected.entries()) compare(results[`y${i}`], data, 1e-5, `output ${i}`);

  const functional = (values: readonly Array64[]) =>
    listOf(example.reference(values)).reduce(
      (sum, { data }, i) => data.reduce((part, value, j) => part + value * weights[i][j], sum),
      0,
    );
  for (const [i, { data }] of arrays.entries()) {
    const gradient = results[`all${i}`];
    if (gradient === undefined) continue;
    compare(results[`only${i}`], Float64Array.from(gradient.data as Float32Array), 1e-5, `input ${i} alone`);
    const along = (direction: Float64Array) => {
      const moved = (sign: number) =>
        arrays.map((array, k) =>
          k === i ? { ...array, data: data.map((value, j) => value + sign * step * direction[j]) } : array,
        );
      return (functional(moved(1)) - functional(moved(-1))) / (2 * step);
    };
    checkGradient(Float64Array.from(gradient.data as Float32Array), along, random, `gradient of input ${i}`);
  }
  if (block !== undefined && title.startsWith('conv')) {
    const again = await execute(graph, arrays, block);
    for (const [output, { data }] of Object.entries(results)) {
      compare(again[output], Float64Array.from(data, Number), 1e-5, `${output}, blocked`);
    }
  }
  if (example.batched) await checkUnknownBatch(example, arrays, results);
}

/** Holds a gradient against directional differences: of single elements, and of all of them at once. */
function checkGradient(
  gradient: Float64Array,
  along: (direction: Float64Array) => number,
  random: Random,
  what: string,
): void {
  const scale = Math.max(1e-3, ...gradient.map(Math.abs));
  const all = random.shuffle(Array.from(gradient.keys()));
  for (const place of all.slice(0, places)) {
    const difference = along(Float64Array.from(gradient, (_, j) => Number(j === place)));
    const error = Math.abs(difference - gradient[place]) / scale;
    expect(error, `${what}, element ${place}: ${gradient[place]}, expected ${difference}`).toBeLessThan(1e-4);
  }
  if (gradient.length <= places) return;
  const direction = Float64Array.from(gradient, () => random.pick([-1, 1]));
  const total = gradient.reduce((sum, value, j) => sum + value * direction[j], 0);
  const error = Math.abs(along(direction) - total) / (scale * Math.sqrt(gradient.length));
  expect(error, `${what}, along a random direction`).toBeLessThan(1e-3);
}

/** The same graph over a batch of unknown size gives the same values. */
async function checkUnknownBatch(
  example: Case,
  arrays: Array64[],
  known: Record<string, Tensor>,
): Promise<void> {
  const inputs = arrays.map(({ dims }, i) =>
    input(`x${i}`, example.batched?.includes(i) ? ['N', ...dims.slice(1)] : dims),
  );
  const outputs = listOf(example.build(inputs));
  for (const { type } of outputs) expect(type.shape).toContain('N');
  const results = await execute(Object.fromEntries(outputs.map((y, i) => [`y${i}`, y])), arrays);
  for (const [name, value] of Object.entries(results)) {
    compare(value, Float64Array.from(known[name].data, Number), 1e-5, `${name}, unknown batch`);
  }
}

async function execute(
  graph: Record<string, Value>,
  arrays: Array64[],
  channelBlock?: number,
): Promise<Record<string, Tensor>> {
  const model = emitOnnx({ name: 'case', outputs: graph, channelBlock });
  const session = await openSession(model, { threads: 1 });
  const feeds = arrays.map(({ dims, data }, i) => [`x${i}`, tensor(Float32Array.from(data), dims)] as const);
  try {
    return await session.run(Object.fromEntries(feeds.filter(([name]) => session.inputs.includes(name))));
  } finally {
    await session.dispose();
  }
}

/** Elements agree to `tolerance` of the largest. */
function compare(value: Tensor, expected: Float64Array, tolerance: number, what: string): void {
  const found = Float64Array.from(value.data, Number);
  const scale = Math.max(1, ...expected.map(Math.abs));
  expect(found.length, what).toBe(expected.length);
  let worst = 0;
  for (const [i, v] of found.entries())
    worst = Math.max(worst, Number.isNaN(v) ? Infinity : Math.abs(v - expected[i]));
  expect(worst / scale, `${what}: largest error, relative`).toBeLessThan(tolerance);
}

/** Whether the output's own operation has a gradient; through the graph, other operations might lack one. */
function hasGradient({ node }: Value): boolean {
  return typeof node.op.gradient === 'function';
}

function listOf<T extends object>(value: T | readonly T[]): readonly T[] {
  return Array.isArray(value) ? value : [value as T];
}
