/** One suite for the whole registry: every network, for every task that it has. */
import { readdirSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { input } from '../graph/leaves.ts';
import { emitOnnx } from '../graph/onnx/emit.ts';
import { type Mode, Scope, trainableCount } from '../graph/scope.ts';
import { type FloatTensor, floats, type Tensor, tensor } from '../graph/tensor.ts';
import { openSession, type Session } from '../runtime/session.ts';
import { quickWeights } from './cases/formula.ts';
import { networkCases, parameterCounts } from './cases/networks.ts';
import { pictures } from './cases/pictures.ts';
import { runInWebAssembly } from './cases/web-assembly.ts';
import { networkNamed, networks } from './index.ts';
import { inputShape, type Network, type NetworkOutputs, optionsFor, type Task } from './network.ts';

/** Modules of the folder that are no network. */
const others = ['index', 'network', 'cost'];

it('lists exactly what the folder holds', async () => {
  const files = readdirSync(import.meta.dirname)
    .filter((file) => /^[a-z0-9][^.]*\.ts$/.test(file))
    .map((file) => file.slice(0, -3))
    .filter((name) => !others.includes(name));
  expect(networks.map(({ name }) => name).sort()).toEqual(files.sort());
  for (const name of files) {
    const module: Record<string, unknown> = await import(`./${name}.ts`);
    expect(Object.values(module)).toContain(networkNamed(name));
  }
});

it('names the networks that exist where one does not', () => {
  expect(() => networkNamed('resnet19')).toThrow(/"resnet19".*resnet18/);
});

function build(
  network: Network,
  mode: Mode,
  options: Record<string, unknown>,
  size: number,
  batch: number | string,
) {
  const scope = Scope.root(mode);
  const image = input('image', inputShape(network, batch, size));
  return { scope, outputs: network.build(scope, image, options) };
}

function named(outputs: NetworkOutputs): Map<string, NonNullable<NetworkOutputs['map']>> {
  return new Map(Object.entries(outputs).filter(([, value]) => value !== undefined));
}

function row(value: Tensor, from: number, count = 1): FloatTensor {
  const size = value.data.length / value.dims[0];
  return tensor(floats(value).slice(from * size, (from + count) * size), [count, ...value.dims.slice(1)]);
}

function greatestDifference(a: Tensor, b: Tensor): number {
  expect(a.dims).toEqual(b.dims);
  return floats(a).reduce((most, value, i) => Math.max(most, Math.abs(value - floats(b)[i])), 0);
}

for (const network of networks) {
  const { size, extra, variations } = networkCases[network.name];

  describe(network.name, () => {
    it('has a graph for each option', () => {
      const covered = [
        ...new Set(variations.map(({ option }) => option)),
        ...(network.tasks.length > 1 ? ['task'] : []),
      ];
      expect(Object.keys(network.options.parse({})).sort()).toEqual(covered.sort());
      for (const { option, value, given } of variations) {
        const differs = network.tasks.some((task) => {
          const [before, after] = [{}, { [option]: value }].map((change) => {
            const options = optionsFor(network, task, { ...extra, ...given, ...change });
            const { outputs } = build(network, 'training', options, size, 2);
            return emitOnnx({ name: 'x', outputs: named(outputs) });
          });
          return !Buffer.from(before).equals(after);
        });
        expect(differs, `option ${option} changes nothing`).toBe(true);
      }
      expect(network.options.safeParse({ nonsense: 1 }).success).toBe(false);
    });
  });

  for (const task of network.tasks) describe(`${network.name} as ${task}`, () => conforms(network, task));
}

function conforms(network: Network, task: Task): void {
  const { size, mapSize, extra } = networkCases[network.name];
  const options = optionsFor(network, task, extra);
  const { scope, outputs } = build(network, 'inference', options, size, 'N');
  const weights = quickWeights(scope.parameters);
  const images = pictures(network, 7, size, 1);
  let session: Session;
  let bytes: Uint8Array;
  let results: Record<string, Tensor>;

  beforeAll(async () => {
    bytes = emitOnnx({ name: network.name, outputs: named(outputs), weights });
    session = await openSession(bytes);
    results = await session.run({ image: images });
  });
  afterAll(() => session.dispose());

  it('has its parameter count', () => {
    const whole = build(network, 'inference', optionsFor(network, task), network.inputSize, 'N').scope
      .parameters;
    const trunk = whole.filter(({ path }) => path.startsWith('trunk/'));
    const { total, trunk: inTrunk } = parameterCounts[network.name];
    expect(trainableCount(whole)).toBe(total[task]);
    expect(trainableCount(trunk)).toBe(inTrunk ?? 0);
    if (network.publishedParameters !== undefined && task === network.tasks[0]) {
      expect(trainableCount(whole)).toBe(network.publishedParameters);
    }
  });

  it('builds for the sizes that it supports', () => {
    const { min, step } = network.sizes;
    expect((network.inputSize - min) % step).toBe(0);
    for (const side of [min, min + step, network.inputSize]) {
      for (const mode of ['training', 'inference'] as const) {
        const built = build(network, mode, options, side, 2).outputs;
        expect(built.score.type.shape).toEqual([2]);
      }
    }
  });

  it('scores each picture for itself, in a batch of 1 or of 7, always the same', async () => {
    expect(results.score.dims).toEqual([7]);
    expect(new Set(floats(results.score)).size).toBeGreaterThan(1);
    for (const value of floats(results.score)) expect(value > 0 && value < 1).toBe(true);
    const alone = await session.run({ image: row(images, 4) });
    expect(greatestDifference(alone.score, row(results.score, 4))).toBeLessThan(1e-5);
    const again = await session.run({ image: images });
    for (const name of Object.keys(results)) expect(again[name].data).toEqual(results[name].data);
  });

  it('gives the outputs of its task', () => {
    expect(outputs.logits === undefined).toBe(task === 'seg');
    expect(outputs.mapLogits === undefined).toBe(task === 'cls');
    for (const name of ['map', 'mask', 'decision'].filter((name) => name in results)) {
      for (const value of floats(results[name])) expect(value >= 0 && value <= 1).toBe(true);
    }
    if (task === 'seg') {
      const means = [0, 1, 2].map((i) => {
        const values = floats(row(results.map, i));
        return values.reduce((sum, value) => sum + value, 0) / values.length;
      });
      for (const [i, mean] of means.entries()) expect(floats(results.score)[i]).toBeCloseTo(mean, 4);
    }
  });

  it('gives the same with its weights as inputs', async () => {
    const open = await openSession(emitOnnx({ name: network.name, outputs: named(outputs) }));
    const feeds = { image: row(images, 0, 2), ...Object.fromEntries(weights) };
    const told = await open.run(feeds);
    await open.dispose();
    expect(greatestDifference(told.score, row(results.score, 0, 2))).toBeLessThan(1e-5);
  });

  it('runs in the WebAssembly build', async () => {
    const told = await runInWebAssembly(bytes, { image: row(images, 0, 2) });
    expect(greatestDifference(told.score, row(results.score, 0, 2))).toBeLessThan(1e-4);
    if (outputs.mapLogits) {
      expect(greatestDifference(told.map, row(results.map, 0, 2))).toBeLessThan(1e-4);
    }
  });

  if (outputs.map && task === 'cls') {
    it('normalises its activation map', async () => {
      const pixels = build(network, 'inference', optionsFor(network, 'seg', extra), size, 2);
      const { mapLogits } = pixels.outputs as Required<NetworkOutputs>;
      const seg = await openSession(emitOnnx({ name: 'seg', outputs: { mapLogits }, weights }));
      const told = await seg.run({ image: row(images, 0, 2) });
      await seg.dispose();
      const [, classes, height, width] = told.mapLogits.dims;
      for (const picture of [0, 1]) {
        const all = floats(row(told.mapLogits, picture));
        const activation = Array.from({ length: height * width }, (_, i) =>
          classes === 1 ? all[i] : all[height * width + i] - all[i],
        );
        const [low, high] = [Math.min(...activation), Math.max(...activation)];
        const score = 1 / (1 + Math.exp(-activation.reduce((sum, m) => sum + m, 0) / activation.length));
        expect(floats(results.score)[picture]).toBeCloseTo(score, 4);
        expect(floats(results.decision)[picture]).toBe(score >= 0.5 ? 1 : 0);
        const map = floats(row(results.map, picture));
        const mask = floats(row(results.mask, picture));
        for (const [i, m] of activation.entries()) {
          expect(map[i]).toBeCloseTo((m - low) / (high - low), 3);
          expect(mask[i]).toBe(score >= 0.5 && map[i] >= 0.5 ? 1 : 0);
        }
      }
    });
  }

  if (outputs.mapLogits) {
    it('keeps a marked corner in its corner', async () => {
      const side = mapSize ?? size;
      const { mapLogits } = build(network, 'inference', options, side, 1).outputs as Required<NetworkOutputs>;
      const maps = await openSession(emitOnnx({ name: 'maps', outputs: { mapLogits }, weights }));
      const plain = pictures(network, 1, side, 1);
      const before = await maps.run({ image: plain });
      const [height, width] = before.mapLogits.dims.slice(2);
      const corner = async (down: boolean, right: boolean) => {
        const marked = markCorner(plain, side, down, right);
        const after = await maps.run({ image: marked });
        const changes = floats(after.mapLogits).map((value, i) =>
          Math.abs(value - floats(before.mapLogits)[i]),
        );
        const found = centroid(changes, height, width);
        // Of a map with few cells, every cell sees most of the picture: only the order of the corners is sure.
        if (height >= 8) expect([found.y > 0.5, found.x > 0.5]).toEqual([down, right]);
        return found;
      };
      const [topLeft, topRight] = [await corner(false, false), await corner(false, true)];
      const [bottomLeft, bottomRight] = [await corner(true, false), await corner(true, true)];
      await maps.dispose();
      expect(Math.max(topLeft.y, topRight.y)).toBeLessThan(Math.min(bottomLeft.y, bottomRight.y));
      expect(Math.max(topLeft.x, bottomLeft.x)).toBeLessThan(Math.min(topRight.x, bottomRight.x));
    });
  }
}

/** A picture [1, 3, size, size] with one corner, two fifths of each side, made bright. */
function markCorner(picture: FloatTensor, size: number, down: boolean, right: boolean): FloatTensor {
  const marked = tensor(picture.data.slice(), picture.dims);
  const side = Math.floor(size * 0.4);
  const [top, left] = [down ? size - side : 0, right ? size - side : 0];
  for (let i = 0; i < 3 * side * side; i++) {
    const [channel, y, x] = [Math.floor(i / side / side), Math.floor(i / side) % side, i % side];
    marked.data[(channel * size + y + top) * size + x + left] += 3;
  }
  return marked;
}

/** Where the mass of a map [.., height, width] lies, 0 to 1 in both directions. */
function centroid(values: Float32Array, height: number, width: number): { x: number; y: number } {
  let [mass, x, y] = [0, 0, 0];
  for (const [i, value] of values.entries()) {
    mass += value;
    x += (value * (i % width)) / (width - 1);
    y += (value * (Math.floor(i / width) % height)) / (height - 1);
  }
  expect(mass).toBeGreaterThan(0);
  return { x: x / mass, y: y / mass };
}
