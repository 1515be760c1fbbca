/** Weights and pictures by formula: bench/reference/torch_networks.py computes the same numbers. */
import { initialValue, type Parameter } from '../../graph/scope.ts';
import { type FloatTensor, sizeOf, tensor } from '../../graph/tensor.ts';

function fnv(text: string): number {
  let h = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  return h;
}

/** murmur3's finaliser over (name, position): 24 bits in [-1, 1). */
export function pattern(name: string, dims: readonly number[]): FloatTensor {
  const start = fnv(name);
  const values = new Float32Array(sizeOf(dims));
  for (let i = 0; i < values.length; i++) {
    let h = (Math.imul(i, 0x9e3779b1) + start) | 0;
    h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
    h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
    h ^= h >>> 16;
    values[i] = (h >>> 8) / 2 ** 23 - 1;
  }
  return tensor(values, dims);
}

/** A tensor of a network by its PyTorch name. Calm ones keep units away from their ReLU's corner; the script says why. */
export function formulaWeight(name: string, dims: readonly number[], calm = false): FloatTensor {
  const u = pattern(name, dims);
  let of: (u: number) => number;
  if (name.endsWith('running_var')) of = (u) => 1 + 0.5 * u;
  else if (name.endsWith('running_mean')) of = (u) => 0.1 * u;
  else if (dims.length >= 2) {
    const bound = Math.sqrt(6 / sizeOf(dims.slice(1)));
    of = (u) => u * bound;
  } else if (name.endsWith('weight')) of = (u) => (calm ? 0.5 + 0.1 * u : 1 + 0.2 * u);
  else of = (u) => 0.2 * u + (calm ? 2 : 0);
  return tensor(u.data.map(of), dims);
}

/** First weights of the same spread as the network's own, by formula: drawing 20 million normals takes seconds. */
export function quickWeights(parameters: readonly Parameter[]): Map<string, FloatTensor> {
  return new Map(parameters.map((parameter) => [parameter.path, quickWeight(parameter)]));
}

function quickWeight(parameter: Parameter): FloatTensor {
  const { path, shape, initializer } = parameter;
  let bound: number;
  // A uniform value in ±b has the variance b² / 3.
  if (initializer.kind === 'he-normal') bound = Math.sqrt(6 / initializer.fan);
  else if (initializer.kind === 'glorot-uniform')
    bound = Math.sqrt(6 / (initializer.fanIn + initializer.fanOut));
  else if (initializer.kind === 'fan-in-uniform') bound = Math.sqrt(1 / initializer.fanIn);
  else return initialValue(parameter, 3);
  return tensor(
    pattern(path, shape).data.map((u) => u * bound),
    shape,
  );
}
