import { apply1, notDifferentiable, type Op, type Value } from '../graph/node.ts';
import { elementTypes } from '../graph/onnx/builder.ts';
import type { DataType } from '../graph/tensor.ts';

interface Attributes {
  readonly to: DataType;
}

export const castOp: Op<Attributes> = {
  name: 'cast',
  infer: ([x], { to }) => [{ dtype: to, shape: x.shape }],
  emit: ({ attributes: { to }, inputs, onnx }) => [onnx.node('Cast', inputs, { to: elementTypes[to] })],

  gradient: notDifferentiable('whole numbers and booleans have no gradient'),
};

/** The same values in another element type. No gradient flows through it. */
export function cast(x: Value, to: DataType): Value {
  return x.type.dtype === to ? x : apply1(castOp, [x], { to });
}
