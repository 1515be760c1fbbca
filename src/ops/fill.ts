import { constant } from '../graph/leaves.ts';
import type { Value } from '../graph/node.ts';
import { fixed, type Shape, sizeOf, tensor } from '../graph/tensor.ts';

/** A constant of the shape, every element the same number. */
export function fill(shape: Shape, value: number): Value {
  const dims = fixed(shape);
  return constant(tensor(new Float32Array(sizeOf(dims)).fill(value), dims));
}
