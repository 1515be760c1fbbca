import { apply1, type Op, type Value } from '../graph/node.ts';
import { type Dim, int64, type Shape, sameShape } from '../graph/tensor.ts';

interface Attributes {
  /** One size may be -1, and is worked out; a symbolic size may be carried over from the input. */
  readonly shape: readonly Dim[];
}

export const reshapeOp: Op<Attributes> = {
  name: 'reshape',
  infer([x], { shape }, fail) {
    const symbols = (of: Shape) => of.filter((dim) => typeof dim === 'string').sort();
    const known = (of: Shape) =>
      of.reduce<number>((p, dim) => (typeof dim === 'number' && dim !== -1 ? p * dim : p), 1);
    const open = shape.filter((dim) => dim === -1).length;
    if (symbols(x.shape).join() !== symbols(shape).join() || open > 1) {
      return fail(`cannot be reshaped to [${shape.join(', ')}]`);
    }
    const [have, want] = [known(x.shape), known(shape)];
    if (open === 0 ? have !== want : have % want !== 0)
      return fail(`cannot be reshaped to [${shape.join(', ')}]`);
    return [{ dtype: x.dtype, shape: shape.map((dim) => (dim === -1 ? have / want : dim)) }];
  },
  emit({ inputs, outputTypes, onnx }) {
    const { shape } = outputTypes[0];
    // At most one size is symbolic here (the batch): it becomes ONNX's "work it out".
    const sizes = shape.map((dim) => (typeof dim === 'string' ? -1 : dim));
    return [onnx.node('Reshape', [inputs[0], onnx.constant('shape', int64(sizes))])];
  },
  gradient: ({ inputs: [x], outputGradients: [dy] }) => [dy && reshape(dy, x.type.shape)],
};

/** The same values, row-major, in another shape. */
export function reshape(x: Value, shape: Shape): Value {
  return sameShape(x.type.shape, shape) ? x : apply1(reshapeOp, [x], { shape });
}
