/** What a conformance case is: inputs, the graph under test, and a plain-loop reference in float64. */
import type { Random } from '../../base/random.ts';
import type { Value } from '../../graph/node.ts';
import { sizeOf } from '../../graph/tensor.ts';

/** A dense float64 array; booleans and whole numbers are held as numbers. */
export interface Array64 {
  readonly dims: readonly number[];
  readonly data: Float64Array;
}

export interface InputSpec {
  readonly dims: readonly number[];
  readonly draw: Draw;
}

/** How an input's values are drawn. All are exact in float32. */
export type Draw =
  | 'normal'
  | 'positive'
  | 'offKinks'
  | 'distinct'
  | 'coarse'
  | 'boolean'
  | 'unit'
  | 'magnitudes';

export interface Case {
  /** What is special about it: `stride 2, same padding`. */
  readonly name: string;
  readonly inputs: readonly InputSpec[];
  build(inputs: readonly Value[]): Value | readonly Value[];
  reference(inputs: readonly Array64[]): Array64 | readonly Array64[];
  /** Inputs whose first size is a batch, and may be unknown when the graph is built; none by default. */
  readonly batched?: readonly number[];
  /** Inputs with respect to which no gradient exists (conditions, indices). */
  readonly constants?: readonly number[];
}

export type CaseTable = Readonly<Record<string, readonly Case[]>>;

export function of(dims: readonly number[], draw: Draw = 'normal'): InputSpec {
  return { dims, draw };
}

export function array(dims: readonly number[], data?: ArrayLike<number>): Array64 {
  return { dims, data: data ? Float64Array.from(data) : new Float64Array(sizeOf(dims)) };
}

export function draw({ dims, draw: kind }: InputSpec, random: Random): Array64 {
  const size = sizeOf(dims);
  const order = random.shuffle(Array.from({ length: size }, (_, i) => i));
  const next: Record<Draw, (i: number) => number> = {
    normal: () => random.normal(),
    positive: () => 0.3 + 2 * random.next(),
    // Away from whole numbers and zero, where pointwise functions have their corners.
    offKinks: () => random.integer(-3, 2) + random.uniform(0.1, 0.9),
    // No ties and no near ties: maxima stay where they are under a small change.
    distinct: (i) => (order[i] - size / 2) / 8,
    // Many ties.
    coarse: () => random.integer(0, 2),
    boolean: () => random.integer(0, 1),
    unit: () => random.next(),
    // Nothing, and every size that float32 has.
    magnitudes: () => (random.chance(0.3) ? 0 : 10 ** random.uniform(-37, 38)),
  };
  return { dims, data: Float64Array.from({ length: size }, (_, i) => Math.fround(next[kind](i))) };
}

/** Calls `visit` with every index of the dims, row-major. The array is reused. */
export function eachIndex(dims: readonly number[], visit: (index: number[], flat: number) => void): void {
  const index = dims.map(() => 0);
  for (let flat = 0, size = sizeOf(dims); flat < size; flat++) {
    visit(index, flat);
    for (let axis = dims.length - 1; axis >= 0 && ++index[axis] === dims[axis]; axis--) index[axis] = 0;
  }
}

/** The position of an index, counting axes of size 1 as broadcast and aligning at the last axis. */
export function offset(dims: readonly number[], index: readonly number[]): number {
  const lead = index.length - dims.length;
  return dims.reduce((sum, dim, axis) => sum * dim + (dim === 1 ? 0 : index[axis + lead]), 0);
}

/** A pointwise function of arrays that broadcast against each other. */
export function pointwise(f: (...values: number[]) => number): (inputs: readonly Array64[]) => Array64 {
  return (inputs) => {
    const rank = Math.max(...inputs.map(({ dims }) => dims.length));
    const dims = Array.from({ length: rank }, (_, axis) =>
      Math.max(...inputs.map((input) => input.dims[axis - rank + input.dims.length] ?? 1)),
    );
    const out = array(dims);
    eachIndex(dims, (index, flat) => {
      out.data[flat] = f(...inputs.map((input) => input.data[offset(input.dims, index)]));
    });
    return out;
  };
}
