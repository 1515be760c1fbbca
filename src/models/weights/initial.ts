/** First weights from a file: a whole network's, or a trunk's by name. */
import { open, readFile } from 'node:fs/promises';
import { describe, errors } from '../../base/errors.ts';
import type { Parameter } from '../../graph/scope.ts';
import { type FloatTensor, floats, type Tensor, tensor } from '../../graph/tensor.ts';
import type { Network } from '../network.ts';
import { readKerasWeights } from './keras.ts';
import { readAllOnnxWeights } from './onnx.ts';
import { readSafeTensors } from './safetensors.ts';
import { readTorchWeights } from './torch.ts';

export interface InitialWeightsOptions {
  /** Only the layers below this path, such as `trunk`, are loaded. */
  prefix?: string;
  /** Tensors that the network has no place for are left aside; on by itself with `prefix`. */
  partial?: boolean;
}

/**
 * Values for `parameters` (or for those below `prefix`), from our own checkpoints and any safetensors file, our
 * detectors (`.onnx`), PyTorch state dicts (`.pth`, `.pt`), or Keras HDF5 files. Tensors are found by our paths, or by the names of the library
 * that the network comes from (`network.torch`); of such a file, the library's classifier is left aside and our head
 * gets no values: it keeps those that were drawn. A checkpoint's optimiser state and averages are passed over.
 *
 * @throws WEIGHTS_INVALID where the file is damaged, WEIGHTS_MISMATCH with every unknown, missing and misshapen tensor
 * in one message.
 */
export async function loadInitialWeights(
  network: Network,
  parameters: readonly Parameter[],
  file: string,
  { prefix, partial = prefix !== undefined }: InitialWeightsOptions = {},
): Promise<Map<string, FloatTensor>> {
  const below = parameters.filter(({ path }) => prefix === undefined || path.startsWith(`${prefix}/`));
  if (below.length === 0) {
    throw errors.WEIGHTS_MISMATCH(file, network.name, `the network has no layer ${prefix}`);
  }
  const format = await formatOf(file);
  // The only HDF5 files of these networks are the MesoNet authors', whose output means "real".
  if (format === 'hdf5') return readKerasWeights(file, network, below, { outputMeansReal: true });
  const read = await tensorsOf(file, format);
  const tensors = new Map([...read].flatMap(([name, value]) => (counts(name) ? [[plain(name), value]] : [])));
  const { wanted, leftAside } = nameThem(network, below, tensors);

  const problems: string[] = [];
  const found = new Map<string, FloatTensor>();
  for (const { name, path, shape } of wanted) {
    const value = tensors.get(name);
    const as = name === path ? path : `${name} (${path})`;
    if (value === undefined) problems.push(`missing ${as}`);
    else if (value.dtype !== 'float32') problems.push(`${as} is ${value.dtype}, not float32`);
    else if (!sameButOnes(value.dims, shape)) {
      problems.push(`${as} is [${value.dims.join(', ')}] where [${shape.join(', ')}] is wanted`);
    } else found.set(path, tensor(floats(value), shape));
  }
  const used = new Set(wanted.map(({ name }) => name));
  for (const name of tensors.keys()) {
    if (!partial && !used.has(name) && !leftAside(name)) problems.push(`unknown ${name}`);
  }
  if (problems.length > 0) throw errors.WEIGHTS_MISMATCH(file, network.name, problems.join('; '));
  return found;
}

/** Optimiser state and averages of our checkpoints, and PyTorch's step counters, are no weights. */
function counts(name: string): boolean {
  return !/^(state|ema)\//.test(name) && !name.endsWith('num_batches_tracked');
}

/** PyTorch's data-parallel wrapper puts `module.` before every name. */
function plain(name: string): string {
  return name.replace(/^module\./, '');
}

interface Wanted {
  readonly name: string;
  readonly path: string;
  readonly shape: readonly number[];
}

/** Our paths where the file has any of them, else the library's names. */
function nameThem(
  network: Network,
  parameters: readonly Parameter[],
  tensors: Map<string, Tensor>,
): { wanted: Wanted[]; leftAside: (name: string) => boolean } {
  const ours = parameters.map(({ path, shape }) => ({ name: path, path, shape }));
  const { torch } = network;
  if (torch === undefined || ours.some(({ path }) => tensors.has(path))) {
    return { wanted: ours, leftAside: () => false };
  }
  if (torch.canonical) {
    for (const [name, value] of [...tensors]) {
      tensors.delete(name);
      tensors.set(torch.canonical(name), value);
    }
  }
  const theirs = parameters.flatMap(({ path, shape }): Wanted[] => {
    const name = torch.name(path);
    return name === undefined ? [] : [{ name, path, shape }];
  });
  const leftAside = (name: string) => torch.classifier.some((layer) => name.startsWith(`${layer}.`));
  return { wanted: theirs, leftAside };
}

/** Equal but for sizes of 1 at the end: some files keep 1x1 kernels as matrices. */
function sameButOnes(a: readonly number[], b: readonly number[]): boolean {
  const bare = (dims: readonly number[]) => dims.join().replace(/(,1)+$/, '');
  return bare(a) === bare(b);
}

type Format = 'zip' | 'hdf5' | 'onnx' | 'safetensors';

async function tensorsOf(file: string, format: Exclude<Format, 'hdf5'>): Promise<Map<string, Tensor>> {
  if (format === 'zip') return readTorchWeights(file);
  if (format === 'onnx') return readAllOnnxWeights(file, await readFile(file));
  return (await readSafeTensors(file)).tensors;
}

async function formatOf(file: string): Promise<Format> {
  try {
    const handle = await open(file);
    try {
      const { buffer } = await handle.read(Buffer.alloc(9), 0, 9, 0);
      const begin = buffer.toString('latin1');
      if (begin.startsWith('PK\u0003\u0004')) return 'zip';
      if (begin.startsWith('\u0089HDF')) return 'hdf5';
      // ONNX has no magic number: its first field is the version. A safetensors header begins with `{`, after its length.
      if (buffer[0] === 8 && begin[8] !== '{') return 'onnx';
    } finally {
      await handle.close();
    }
  } catch (cause) {
    throw errors.WEIGHTS_INVALID(file, describe(cause));
  }
  return 'safetensors';
}
