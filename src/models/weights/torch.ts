/**
 * PyTorch's weight files (`torch.save(network.state_dict(), …)`, the zip format of 1.6 and later). Only tensors,
 * dictionaries, numbers and text are read; a pickle that names anything else is refused before anything happens.
 */
import { readFile } from 'node:fs/promises';
import { describe, errors } from '../../base/errors.ts';
import { sizeOf, type Tensor, tensor } from '../../graph/tensor.ts';
import { unpickle } from './pickle.ts';
import { readStoredZip } from './zip.ts';

/** A storage: all of one file's values, of which tensors are views. */
interface Storage {
  readonly type: StorageType;
  readonly bytes: Uint8Array;
}

type StorageType = keyof typeof storageTypes;

/** Bytes of an element, and how one is read. Whole numbers become float32 too: counters are left aside anyway. */
const storageTypes = {
  FloatStorage: { bytes: 4, read: (view: DataView, at: number) => view.getFloat32(at, true) },
  DoubleStorage: { bytes: 8, read: (view: DataView, at: number) => view.getFloat64(at, true) },
  HalfStorage: { bytes: 2, read: (view: DataView, at: number) => halfToFloat(view.getUint16(at, true)) },
  BFloat16Storage: { bytes: 2, read: (view: DataView, at: number) => brainToFloat(view.getUint16(at, true)) },
  LongStorage: { bytes: 8, read: (view: DataView, at: number) => Number(view.getBigInt64(at, true)) },
  IntStorage: { bytes: 4, read: (view: DataView, at: number) => view.getInt32(at, true) },
  ByteStorage: { bytes: 1, read: (view: DataView, at: number) => view.getUint8(at) },
  BoolStorage: { bytes: 1, read: (view: DataView, at: number) => view.getUint8(at) },
} as const;

/** Wrappers that training scripts put around a state dict. */
const wrappers = ['state_dict', 'model_state_dict', 'model'];

/** @throws WEIGHTS_INVALID where the file cannot be read, is damaged, or holds more than tensors. */
export async function readTorchWeights(path: string): Promise<Map<string, Tensor>> {
  const bytes = await readFile(path).catch((cause) => {
    throw errors.WEIGHTS_INVALID(path, describe(cause));
  });
  return decodeTorchWeights(bytes, path);
}

/** The tensors as float32, by name. `path` names the file in errors. */
export function decodeTorchWeights(bytes: Uint8Array, path: string): Map<string, Tensor> {
  try {
    const entries = readStoredZip(bytes);
    const main = [...entries.keys()].find((name) => /(^|\/)data\.pkl$/.test(name));
    if (main === undefined) throw new Error('the archive has no data.pkl: PyTorch did not write it');
    const folder = main.slice(0, -'data.pkl'.length);
    const order = entries.get(`${folder}byteorder`);
    if (order && new TextDecoder().decode(order) !== 'little')
      throw new Error('it was written on a big-endian machine');
    const held = unpickle(entries.get(main) as Uint8Array, namesOf(entries, folder));
    return stateDict(held);
  } catch (cause) {
    throw errors.WEIGHTS_INVALID(path, `not a PyTorch state dict in zip format: ${describe(cause)}`);
  }
}

function stateDict(held: unknown): Map<string, Tensor> {
  if (!(held instanceof Map)) throw new Error('it holds no dictionary');
  for (const wrapper of wrappers) {
    if (held.get(wrapper) instanceof Map) return stateDict(held.get(wrapper));
  }
  const tensors = new Map<string, Tensor>();
  for (const [name, value] of held) {
    if (typeof name !== 'string' || !isTensor(value))
      throw new Error(`its entry ${String(name)} is no tensor`);
    tensors.set(name, value);
  }
  if (tensors.size === 0) throw new Error('it holds no tensor');
  return tensors;
}

function isTensor(value: unknown): value is Tensor {
  return typeof value === 'object' && value !== null && 'dims' in value && 'data' in value;
}

const callables: Readonly<Record<string, (parameters: readonly unknown[]) => unknown>> = {
  'collections.OrderedDict': () => new Map(),
  'torch._utils._rebuild_tensor_v2': rebuildTensor,
  'torch._utils._rebuild_parameter': ([data]) => data,
};

function namesOf(entries: ReadonlyMap<string, Uint8Array>, folder: string) {
  return {
    global(module: string, name: string): unknown {
      const callable = `${module}.${name}`;
      if (Object.hasOwn(callables, callable)) return callables[callable];
      if (module === 'torch' && Object.hasOwn(storageTypes, name)) return name;
      throw new Error(`it asks for ${callable}, which no weights need`);
    },
    call(callable: unknown, parameters: readonly unknown[]): unknown {
      if (typeof callable !== 'function') throw new Error('the pickle calls what cannot be called');
      return callable(parameters);
    },
    persistent(id: unknown): Storage {
      const [kind, type, key, , count] = Array.isArray(id) ? id : [];
      if (kind !== 'storage' || typeof type !== 'string' || !Object.hasOwn(storageTypes, type)) {
        throw new Error('it refers to what is no storage');
      }
      const bytes = entries.get(`${folder}data/${String(key)}`);
      const storage = type as StorageType;
      if (bytes === undefined || bytes.length !== Number(count) * storageTypes[storage].bytes) {
        throw new Error(`its storage ${String(key)} is missing or not of ${String(count)} elements`);
      }
      return { type: storage, bytes };
    },
  };
}

function isCounts(value: unknown): value is number[] {
  return Array.isArray(value) && value.length <= 16 && value.every((n) => Number.isSafeInteger(n) && n >= 0);
}

/** `_rebuild_tensor_v2(storage, offset, size, stride, …)`: a copy, row-major whatever the strides. */
function rebuildTensor([held, offset, dims, strides]: readonly unknown[]): Tensor {
  const storage = held as Partial<Storage>;
  if (storage?.bytes === undefined || storage.type === undefined) throw new Error('a tensor has no storage');
  if (!isCounts(dims) || !isCounts(strides) || !isCounts([offset]) || dims.length !== strides.length) {
    throw new Error('a tensor has no size');
  }
  const { bytes: width, read } = storageTypes[storage.type];
  const size = sizeOf(dims);
  const first = offset as number;
  const furthest = dims.reduce((sum, dim, axis) => sum + (dim - 1) * strides[axis], first);
  // A stride of 0 could make a small file claim any amount of memory.
  if (size > 0 && ((furthest + 1) * width > storage.bytes.length || size * width > storage.bytes.length)) {
    throw new Error(`a tensor of [${dims.join(', ')}] lies outside its storage`);
  }
  const view = new DataView(storage.bytes.buffer, storage.bytes.byteOffset, storage.bytes.byteLength);
  const values = new Float32Array(size);
  const index = dims.map(() => 0);
  let from = first;
  for (let i = 0; i < size; i++) {
    values[i] = read(view, from * width);
    for (let axis = dims.length - 1; axis >= 0; axis--) {
      from += strides[axis];
      if (++index[axis] < dims[axis]) break;
      from -= dims[axis] * strides[axis];
      index[axis] = 0;
    }
  }
  return tensor(values, dims);
}

/** IEEE 754 binary16. */
function halfToFloat(bits: number): number {
  const [sign, exponent, fraction] = [bits & 0x8000 ? -1 : 1, (bits >> 10) & 31, bits & 1023];
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (exponent === 0 ? fraction * 2 ** -24 : (1 + fraction / 1024) * 2 ** (exponent - 15));
}

/** The upper half of a float32. */
function brainToFloat(bits: number): number {
  const view = new DataView(new ArrayBuffer(4));
  view.setUint32(0, bits << 16, false);
  return view.getFloat32(0, false);
}
