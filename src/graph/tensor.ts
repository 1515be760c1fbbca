/** Tensors in memory, and the types of tensors that flow through a graph. */

export type DataType = 'float32' | 'int64' | 'int32' | 'bool' | 'uint8';

/** A size, or the name of one that is known only at run time (`"N"`, the batch). */
export type Dim = number | string;
export type Shape = readonly Dim[];

export interface TensorType {
  readonly dtype: DataType;
  readonly shape: Shape;
}

export type TensorData = Float32Array | BigInt64Array | Int32Array | Uint8Array;

/** A dense tensor, row-major. `bool` is held as bytes 0 and 1. */
export interface Tensor {
  readonly dtype: DataType;
  readonly dims: readonly number[];
  readonly data: TensorData;
}

export interface FloatTensor extends Tensor {
  readonly dtype: 'float32';
  readonly data: Float32Array;
}

export function tensor(data: Float32Array | readonly number[], dims: readonly number[]): FloatTensor {
  const values = data instanceof Float32Array ? data : Float32Array.from(data);
  if (values.length !== sizeOf(dims)) {
    throw new Error(`${values.length} values do not fill a tensor of [${dims.join(', ')}]`);
  }
  return { dtype: 'float32', dims, data: values };
}

export function int64(values: readonly number[], dims: readonly number[] = [values.length]): Tensor {
  return { dtype: 'int64', dims, data: BigInt64Array.from(values, BigInt) };
}

/** A float32 tensor's values; throws where the tensor holds something else. */
export function floats(value: Tensor): Float32Array {
  if (!(value.data instanceof Float32Array)) throw new Error(`expected float32, got ${value.dtype}`);
  return value.data;
}

export function sizeOf(dims: readonly number[]): number {
  return dims.reduce((product, dim) => product * dim, 1);
}

/** The shape's sizes, all known; throws at a symbolic one. */
export function fixed(shape: Shape): number[] {
  return shape.map((dim) => {
    if (typeof dim !== 'number')
      throw new Error(`the size "${dim}" of [${shape.join(', ')}] is not known here`);
    return dim;
  });
}

export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((dim, i) => dim === b[i]);
}

export function showShape(shape: Shape): string {
  return `[${shape.join(', ')}]`;
}
