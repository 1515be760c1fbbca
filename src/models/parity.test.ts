/**
 * Our networks against torchvision's, with weights by formula that travel through a file with PyTorch's names. Values
 * of PyTorch 1.13 come from bench/reference/torch_networks.py.
 */
import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { constant, input } from '../graph/leaves.ts';
import type { Value } from '../graph/node.ts';
import { emitOnnx } from '../graph/onnx/emit.ts';
import { type Mode, type Parameter, Scope, trainableCount } from '../graph/scope.ts';
import { type FloatTensor, floats, type Tensor } from '../graph/tensor.ts';
import * as ops from '../ops/index.ts';
import { openSession } from '../runtime/session.ts';
import { formulaWeight, pattern } from './cases/formula.ts';
import { densenet121, densenet121Trunk } from './densenet121.ts';
import { type Network, optionsFor } from './network.ts';
import { resnet18, resnet18Trunk } from './resnet18.ts';
import { vgg5 } from './vgg5.ts';
import { vgg8 } from './vgg8.ts';
import { loadInitialWeights } from './weights/initial.ts';
import { encodeSafeTensors } from './weights/safetensors.ts';
import { torchPath } from './weights/torch-names.ts';
import { xceptionModule } from './xception.ts';

interface Reference {
  /** Whether gradients are taken at calm weights; bench/reference/torch_networks.py says why. */
  calm: boolean;
  shape: number[];
  parameters: number;
  inference: number[];
  training: number[];
  /** Norm, first, middle and last entry. */
  gradients: Record<string, [number, number, number, number]>;
  /** Norms of the running statistics after one training pass. */
  statistics: Record<string, number>;
}

const references: Record<string, Reference> = JSON.parse(
  readFileSync(new URL('./cases/torch.json', import.meta.url), 'utf8'),
);

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mesoscope-parity-'));
});
afterAll(() => rm(folder, { recursive: true }));

interface Case {
  network?: Network;
  build(scope: Scope, image: Value): Value;
}

const pooled = (features: Value) => ops.globalAveragePool2d(features);
const classifier = (network: Network) => (scope: Scope, image: Value) =>
  network.build(scope, image, optionsFor(network, 'cls')).logits as Value;

const cases: Record<string, Case> = {
  resnet18: { network: resnet18 as Network, build: (scope, image) => pooled(resnet18Trunk(scope, image)) },
  densenet121: {
    network: densenet121 as Network,
    build: (scope, image) => pooled(densenet121Trunk(scope, image)),
  },
  vgg5: { network: vgg5 as Network, build: classifier(vgg5 as Network) },
  vgg8: { network: vgg8 as Network, build: classifier(vgg8 as Network) },
  'xception-block': {
    build: (scope, image) =>
      xceptionModule(scope, image, { filters: [24, 24], stride: 2, startsWithRelu: true }),
  },
};

for (const [name, { network, build }] of Object.entries(cases)) {
  describe(`${name} agrees with PyTorch`, () => {
    const reference = references[name];
    const image = pattern('image', reference.shape);
    const nameOf = (path: string) => network?.torch?.name(path) ?? torchPath(path);

    const make = (mode: Mode) => {
      const scope = Scope.root(mode);
      const x = input('image', reference.shape);
      return { scope, x, y: build(scope, x) };
    };

    /** Trunks come from a file with PyTorch's names; our own head, and a lone block, by formula directly. */
    const weights = async (
      parameters: readonly Parameter[],
      calm: boolean,
    ): Promise<Record<string, FloatTensor>> => {
      const made = parameters.map(
        ({ path, shape }) => [path, formulaWeight(nameOf(path), shape, calm)] as const,
      );
      if (network === undefined) return Object.fromEntries(made);
      const file = join(folder, `${name}.safetensors`);
      const known = made.filter(([path]) => network.torch?.name(path) !== undefined);
      await writeFile(file, encodeSafeTensors(new Map(known.map(([path, value]) => [nameOf(path), value]))));
      return {
        ...Object.fromEntries(made),
        ...Object.fromEntries(await loadInitialWeights(network, parameters, file)),
      };
    };

    it('in inference', async () => {
      const { scope, y } = make('inference');
      expect(trainableCount(scope.parameters)).toBe(reference.parameters);
      const session = await openSession(emitOnnx({ name, outputs: { y } }));
      const { y: told } = await session.run({ image, ...(await weights(scope.parameters, false)) });
      await session.dispose();
      expect(worst(told, reference.inference)).toBeLessThan(1e-4);
    });

    it('in training: forward, gradients and running statistics', { timeout: 180_000 }, async () => {
      const { scope, x, y } = make('training');
      const functional = constant(pattern('functional', y.type.shape as number[]));
      const loss = ops.reduceMean(ops.multiply(y, functional));
      const wanted = [
        ...scope.parameters
          .filter(({ trainable }) => trainable)
          .map(({ path, value }) => ({ key: nameOf(path), value })),
        { key: 'image', value: x },
      ];
      const outputs: Record<string, Value> = { y };
      const gradients = ops.gradientsOf(
        loss,
        wanted.map(({ value }) => value),
      );
      for (const [i, { key }] of wanted.entries()) outputs[`gradient/${key}`] = gradients[i] as Value;
      for (const [path, next] of scope.updates) outputs[`statistic/${nameOf(path)}`] = next;
      const session = await openSession(emitOnnx({ name, outputs }));
      const told = await session.run({ image, ...(await weights(scope.parameters, reference.calm)) });
      await session.dispose();

      expect(worst(told.y, reference.training)).toBeLessThan(1e-4);
      expect(Object.keys(told).filter((key) => key.startsWith('gradient/'))).toHaveLength(
        Object.keys(reference.gradients).length,
      );
      // An error is held against what entries of its tensor, and of the whole gradient, usually are: a shift before a
      // norm has no gradient but rounding's.
      const sizes = Object.keys(reference.gradients).map((key) => floats(told[`gradient/${key}`]).length);
      const squares = Object.values(reference.gradients).reduce((sum, [norm]) => sum + norm * norm, 0);
      const overall = Math.sqrt(squares / sizes.reduce((sum, size) => sum + size, 0));
      const off = Object.entries(reference.gradients).map(([key, [norm, first, middle, last]]) => {
        const g = floats(told[`gradient/${key}`]);
        const usual = Math.max(norm / Math.sqrt(g.length), overall);
        const entries = [g[0] - first, g[Math.floor(g.length / 2)] - middle, g[g.length - 1] - last];
        const whole = (lengthOf(g) - norm) / Math.sqrt(g.length);
        return [whole, ...entries].map((difference) => Math.abs(difference) / usual);
      });
      expect(Math.max(...off.map(([norm]) => norm))).toBeLessThan(1e-3);
      expect(Math.max(...off.flatMap(([, ...entries]) => entries))).toBeLessThan(1e-3);
      for (const [key, norm] of Object.entries(reference.statistics)) {
        expect(lengthOf(floats(told[`statistic/${key}`])) / norm).toBeCloseTo(1, 4);
      }
      if (process.env.MESOSCOPE_SHOW_PARITY) {
        // biome-ignore lint/suspicious/noConsole: asked for
        console.log(
          name,
          worst(told.y, reference.training),
          ...[0, 1, 2, 3].map((i) => Math.max(...off.map((o) => o[i]))),
        );
      }
    });
  });
}

/** Greatest difference relative to the greatest value. */
function worst(told: Tensor, expected: readonly number[]): number {
  const values = floats(told);
  const scale = Math.max(...expected.map(Math.abs));
  return Math.max(...expected.map((value, i) => Math.abs(values[i] - value))) / scale;
}

function lengthOf(values: Float32Array): number {
  return Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));
}
