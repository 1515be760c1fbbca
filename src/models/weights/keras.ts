/** Keras HDF5 weight files (`model.save_weights`) to our parameters, by the network's `kerasOrder`. */
import { readFile } from 'node:fs/promises';
import { describe, errors } from '../../base/errors.ts';
import type { Parameter } from '../../graph/scope.ts';
import { type FloatTensor, tensor } from '../../graph/tensor.ts';
import type { Network } from '../network.ts';

interface KerasLayer {
  name: string;
  kind: string;
  number: number;
  weights: { name: string; shape: readonly number[]; values: Float32Array }[];
}

/**
 * Reads the file and returns every parameter of the network. The MesoNet authors' networks end in the
 * probability of *real*; with `outputMeansReal` the last dense layer's sign is turned, so that ours ends in the
 * probability of *manipulated*.
 *
 * @throws WEIGHTS_INVALID where the file is no Keras weight file, WEIGHTS_MISMATCH with every unknown, missing
 * and misshapen tensor in one message.
 */
export async function readKerasWeights(
  path: string,
  network: Network,
  parameters: readonly Parameter[],
  { outputMeansReal }: { outputMeansReal: boolean },
): Promise<Map<string, FloatTensor>> {
  const order = network.kerasOrder;
  if (!order) throw errors.WEIGHTS_MISMATCH(path, network.name, 'the network has no Keras counterpart');
  const layers = await readLayers(path);
  const found = new Map<string, FloatTensor>();
  const problems: string[] = [];
  for (const [kind, paths] of Object.entries(order)) {
    const sorted = layers.filter((layer) => layer.kind === kind).sort((a, b) => a.number - b.number);
    if (sorted.length !== paths.length) {
      problems.push(`${sorted.length} ${kind} layers where ${paths.length} are wanted`);
      continue;
    }
    for (const [i, layer] of sorted.entries()) {
      for (const weight of layer.weights) {
        const converted = convert(kind, weight, `${paths[i]}`);
        if (converted) found.set(converted.path, converted.value);
        else problems.push(`unknown tensor ${layer.name}/${weight.name}`);
      }
    }
  }
  const known = layers.filter((layer) => !(layer.kind in order));
  problems.push(...known.map((layer) => `unknown layer ${layer.name}`));
  for (const { path: key, shape } of parameters) {
    const value = found.get(key);
    if (value === undefined) problems.push(`missing ${key}`);
    else if (value.dims.join() !== shape.join()) {
      problems.push(`${key} is [${value.dims.join(', ')}] where [${shape.join(', ')}] is wanted`);
    }
  }
  if (problems.length > 0) throw errors.WEIGHTS_MISMATCH(path, network.name, problems.join('; '));
  if (outputMeansReal) {
    const last = order.dense[order.dense.length - 1];
    for (const name of ['weight', 'bias']) {
      const value = found.get(`${last}/${name}`) as FloatTensor;
      found.set(
        `${last}/${name}`,
        tensor(
          value.data.map((v) => -v),
          value.dims,
        ),
      );
    }
  }
  return found;
}

const batchNormNames: Record<string, string> = {
  gamma: 'gamma',
  beta: 'beta',
  moving_mean: 'mean',
  moving_variance: 'variance',
};

function convert(kind: string, { name, shape, values }: KerasLayer['weights'][number], path: string) {
  if (kind === 'batch_normalization') {
    const ours = batchNormNames[name];
    return ours && { path: `${path}/${ours}`, value: tensor(values, shape) };
  }
  if (name === 'bias') return { path: `${path}/bias`, value: tensor(values, shape) };
  if (name !== 'kernel') return undefined;
  if (kind === 'dense') return { path: `${path}/weight`, value: tensor(values, shape) };
  // Keras keeps [h, w, in, out]; ONNX wants [out, in, h, w].
  const [h, w, inputs, outputs] = shape;
  const turned = new Float32Array(values.length);
  for (let o = 0; o < outputs; o++) {
    for (let i = 0; i < inputs; i++) {
      for (let p = 0; p < h * w; p++) {
        turned[(o * inputs + i) * h * w + p] = values[(p * inputs + i) * outputs + o];
      }
    }
  }
  return { path: `${path}/weight`, value: tensor(turned, [outputs, inputs, h, w]) };
}

const hdf5Signature = [0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a];

async function readLayers(path: string): Promise<KerasLayer[]> {
  const bytes = await readFile(path).catch((cause) => {
    throw errors.WEIGHTS_INVALID(path, describe(cause));
  });
  if (!hdf5Signature.every((byte, i) => bytes[i] === byte))
    throw errors.WEIGHTS_INVALID(path, 'not an HDF5 file');
  const h5 = await import('h5wasm/node');
  const { FS, activate_throwing_error_handler } = await h5.ready;
  // Without it HDF5 prints its own stack to stderr and goes on.
  activate_throwing_error_handler();
  const name = `/${path.replaceAll(/[^a-zA-Z0-9.]/g, '_')}`;
  FS.writeFile(name, bytes);
  let file: InstanceType<typeof h5.File> | undefined;
  try {
    file = new h5.File(name, 'r');
    const layerNames = file.attrs.layer_names?.value as string[] | undefined;
    if (!Array.isArray(layerNames)) throw errors.WEIGHTS_INVALID(path, 'it has no attribute layer_names');
    return layerNames
      .map((layer) => readLayer(file as InstanceType<typeof h5.File>, h5, layer))
      .filter((layer) => layer.weights.length > 0);
  } catch (cause) {
    if (cause instanceof Error && cause.name === 'UserError') throw cause;
    const why = describe(cause);
    // HDF5's own errors are stacks of C functions.
    throw errors.WEIGHTS_INVALID(
      path,
      why.startsWith('HDF5-DIAG') ? 'the HDF5 file is damaged or cut off' : why,
    );
  } finally {
    file?.close();
    FS.unlink(name);
  }
}

type Hdf5 = typeof import('h5wasm/node');

function readLayer(file: InstanceType<Hdf5['File']>, h5: Hdf5, layer: string): KerasLayer {
  const group = file.get(layer);
  if (!(group instanceof h5.Group)) throw new Error(`layer ${layer} is missing`);
  const names = (group.attrs.weight_names?.value ?? []) as string[];
  const match = /^(.*?)(?:_(\d+))?$/.exec(layer);
  const weights = names.map((weightName) => {
    const dataset = group.get(weightName);
    if (!(dataset instanceof h5.Dataset) || !dataset.shape)
      throw new Error(`tensor ${weightName} is missing`);
    const short = weightName.split('/').pop()?.replace(/:\d+$/, '') ?? weightName;
    return { name: short, shape: dataset.shape, values: Float32Array.from(dataset.value as Float32Array) };
  });
  return { name: layer, kind: match?.[1] ?? layer, number: Number(match?.[2] ?? 0), weights };
}
