/** The first layer's kernels (000 §3.6: "only relevant for the first layer"). */
import { floats } from '../graph/tensor.ts';
import { buildSubject, type SubjectOptions } from './subject.ts';

export interface Kernel {
  filter: number;
  width: number;
  height: number;
  /** 3 x height x width weights. */
  weights: Float32Array;
}

/** Kernels over R, G, B of the first convolution; empty where the first weight has another shape. */
export function firstKernels(subject: SubjectOptions): Kernel[] {
  const { weights } = buildSubject(subject, 1);
  const first = [...weights.values()].find(({ dims }) => dims.length === 4);
  if (first?.dims[1] !== 3) return [];
  const [count, , height, width] = first.dims;
  const size = 3 * height * width;
  const values = floats(first);
  return Array.from({ length: count }, (_, filter) => ({
    filter,
    width,
    height,
    weights: values.slice(filter * size, (filter + 1) * size),
  }));
}
