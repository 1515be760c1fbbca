/** Shape rules and emission that pointwise operations share. */
import { broadcast, type Emission } from '../graph/node.ts';
import type { TensorType } from '../graph/tensor.ts';

type Fail = (why: string) => never;

export function unaryType([x]: readonly TensorType[]): readonly TensorType[] {
  return [x];
}

export function binaryType([a, b]: readonly TensorType[], _: unknown, fail: Fail): readonly TensorType[] {
  if (a.dtype !== b.dtype) return fail(`mixes ${a.dtype} and ${b.dtype}`);
  const shape = broadcast(a.shape, b.shape);
  if (shape === undefined) return fail('the shapes do not broadcast');
  return [{ dtype: a.dtype, shape }];
}

/** Emission as one ONNX node of the same inputs. */
export function emitAs(type: string): (emission: Emission<unknown>) => readonly string[] {
  return ({ inputs, onnx }) => [onnx.node(type, inputs)];
}
