import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { detectorPath } from '../../detect/bundled.ts';
import { readContract } from '../../detect/detector.ts';
import { input } from '../../graph/leaves.ts';
import { type Parameter, Scope } from '../../graph/scope.ts';
import { int64, type Tensor, tensor } from '../../graph/tensor.ts';
import { formulaWeight, quickWeights } from '../cases/formula.ts';
import { networkNamed } from '../index.ts';
import { inputShape, type Network } from '../network.ts';
import { loadInitialWeights } from './initial.ts';
import { readOnnxWeights } from './onnx.ts';
import { encodeSafeTensors } from './safetensors.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mesoscope-initial-'));
});
afterAll(() => rm(folder, { recursive: true }));

function parametersOf(network: Network, options: Record<string, unknown> = {}): readonly Parameter[] {
  const scope = Scope.root('inference');
  network.build(
    scope,
    input('image', inputShape(network, 'N', network.sizes.min)),
    network.options.parse(options),
  );
  return scope.parameters;
}

async function file(tensors: ReadonlyMap<string, Tensor>): Promise<string> {
  const path = join(folder, `${Math.random()}.safetensors`);
  await writeFile(path, encodeSafeTensors(tensors));
  return path;
}

/** Millions of values: too many for `toEqual`. */
function same(a: Tensor | undefined, b: Tensor | undefined): boolean {
  if (!a || !b || a.dims.join() !== b.dims.join()) return false;
  return Buffer.from(a.data.buffer, a.data.byteOffset, a.data.byteLength).equals(
    Buffer.from(b.data.buffer, b.data.byteOffset, b.data.byteLength),
  );
}

/** A state dict as the library of the network would write it, classifier and counters included. */
function stateDict(network: Network, parameters: readonly Parameter[]): Map<string, Tensor> {
  const tensors = new Map<string, Tensor>();
  for (const { path, shape } of parameters) {
    const name = network.torch?.name(path);
    if (name !== undefined) tensors.set(name, formulaWeight(name, shape));
  }
  for (const layer of network.torch?.classifier ?? []) tensors.set(`${layer}.weight`, tensor([1, 2], [2]));
  tensors.set('bn1.num_batches_tracked', int64([5], []));
  return tensors;
}

it.each(['densenet121', 'xception', 'vgg5', 'resnet18-gru'])(
  'fills the trunk of %s from its library’s names and leaves the head as drawn',
  async (name) => {
    const network = networkNamed(name);
    const parameters = parametersOf(network);
    const tensors = stateDict(network, parameters);
    // Some files of Xception keep 1x1 kernels as matrices.
    for (const [key, value] of tensors) {
      if (key.includes('pointwise')) tensors.set(key, { ...value, dims: value.dims.slice(0, 2) });
    }
    const found = await loadInitialWeights(network, parameters, await file(tensors));
    const trunk = parameters.filter(({ path }) => path.startsWith('trunk/'));
    expect([...found.keys()]).toEqual(trunk.map(({ path }) => path));
    for (const { path, shape } of trunk) {
      expect(same(found.get(path), formulaWeight(network.torch?.name(path) as string, shape)), path).toBe(
        true,
      );
    }
  },
);

it('reads the names that torchvision’s own DenseNet download has', async () => {
  const network = networkNamed('densenet121');
  const parameters = parametersOf(network);
  const old = [...stateDict(network, parameters)].map(
    ([name, value]) => [name.replace(/(denselayer\d+\.)(norm|conv)([12])/, '$1$2.$3'), value] as const,
  );
  expect(old.map(([name]) => name)).toContain('features.denseblock1.denselayer1.norm.1.weight');
  const found = await loadInitialWeights(network, parameters, await file(new Map(old)));
  expect(found.size).toBe(parameters.length - 2);
});

it('reads a checkpoint of ours, its optimiser state passed over', async () => {
  const network = networkNamed('resnet18');
  const parameters = parametersOf(network);
  const weights = quickWeights(parameters);
  const checkpoint = new Map<string, Tensor>(weights);
  checkpoint.set('state/m/head/output/bias', tensor([1], [1]));
  checkpoint.set('ema/head/output/bias', tensor([1], [1]));
  const found = await loadInitialWeights(network, parameters, await file(checkpoint));
  expect([...found.keys()]).toEqual([...weights.keys()]);
  for (const [path, value] of weights) expect(same(found.get(path), value), path).toBe(true);
});

it('reads the weights of a detector, and says where it is another network', async () => {
  const bundled = detectorPath('compact-blends');
  const network = networkNamed('compact');
  const { network: of } = readContract(bundled, await readFile(bundled));
  const parameters = parametersOf(network, of.options);
  const found = await loadInitialWeights(network, parameters, bundled);
  expect([...found.keys()].toSorted()).toEqual(parameters.map(({ path }) => path).toSorted());
  const own = readOnnxWeights(await readFile(bundled), [parameters[0].path]);
  expect(same(found.get(parameters[0].path), own.get(parameters[0].path))).toBe(true);

  const other = networkNamed('meso4');
  await expect(loadInitialWeights(other, parametersOf(other), bundled)).rejects.toMatchObject({
    code: 'WEIGHTS_MISMATCH',
    message: expect.stringMatching(/missing .*unknown /),
  });
  const damaged = join(folder, 'damaged.onnx');
  await writeFile(damaged, (await readFile(bundled)).subarray(0, 5000));
  await expect(loadInitialWeights(network, parameters, damaged)).rejects.toMatchObject({
    code: 'WEIGHTS_INVALID',
  });
});

it('takes the trunk of a network with another head', async () => {
  const [single, sequence] = [networkNamed('resnet18'), networkNamed('resnet18-gru')];
  const weights = quickWeights(parametersOf(single, { hidden: 8 }));
  const parameters = parametersOf(sequence);
  const found = await loadInitialWeights(sequence, parameters, await file(weights), { prefix: 'trunk' });
  expect(found.size).toBe(parameters.filter(({ path }) => path.startsWith('trunk/')).length);
  expect(same(found.get('trunk/conv1/weight'), weights.get('trunk/conv1/weight'))).toBe(true);
});

it('lists unknown, missing and misshapen tensors together', async () => {
  const network = networkNamed('vgg3');
  const parameters = parametersOf(network);
  const tensors = new Map<string, Tensor>(quickWeights(parameters));
  tensors.delete('trunk/conv1_1/bias');
  tensors.set('trunk/conv1_2/bias', tensor([1], [1]));
  tensors.set('classifier/bias', int64([1]));
  tensors.set('trunk/conv9/bias', tensor([1], [1]));
  const path = await file(tensors);
  await expect(loadInitialWeights(network, parameters, path)).rejects.toMatchObject({
    code: 'WEIGHTS_MISMATCH',
    message: expect.stringMatching(
      /missing trunk\/conv1_1\/bias; trunk\/conv1_2\/bias is \[1\] where \[64\].*classifier\/bias is int64.*unknown trunk\/conv9\/bias/,
    ),
  });
});

it('names PyTorch’s tensor beside ours where one is missing', async () => {
  const network = networkNamed('resnet18');
  const parameters = parametersOf(network);
  const tensors = stateDict(network, parameters);
  tensors.delete('layer2.0.downsample.1.running_var');
  tensors.set('layer9.weight', tensor([1], [1]));
  const path = await file(tensors);
  await expect(loadInitialWeights(network, parameters, path)).rejects.toThrow(
    /missing layer2\.0\.downsample\.1\.running_var \(trunk\/layer2\/0\/downsample\/1\/variance\); unknown layer9\.weight/,
  );
});

it('says what is wrong with files that are none', async () => {
  const network = networkNamed('resnet18');
  const parameters = parametersOf(network);
  await expect(loadInitialWeights(network, parameters, join(folder, 'nowhere.pth'))).rejects.toMatchObject({
    code: 'WEIGHTS_INVALID',
  });
  const path = join(folder, 'short.safetensors');
  await writeFile(path, 'abc');
  await expect(loadInitialWeights(network, parameters, path)).rejects.toMatchObject({
    code: 'WEIGHTS_INVALID',
  });
  await expect(loadInitialWeights(network, parameters, path, { prefix: 'body' })).rejects.toThrow(
    /no layer body/,
  );
});
