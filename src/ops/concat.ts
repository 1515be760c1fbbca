import { apply1, type Op, type Value } from '../graph/node.ts';
import { fixed } from '../graph/tensor.ts';
import { slice } from './slice.ts';

interface Attributes {
  readonly axis: number;
}

export const concatOp: Op<Attributes> = {
  name: 'concat',
  infer(inputs, { axis }, fail) {
    const [first, ...rest] = inputs;
    const total = inputs.reduce((sum, { shape }) => sum + (shape[axis] as number), 0);
    for (const { shape } of rest) {
      if (
        shape.length !== first.shape.length ||
        shape.some((dim, i) => i !== axis && dim !== first.shape[i])
      ) {
        return fail(`sizes differ outside axis ${axis}`);
      }
    }
    if (Number.isNaN(total)) return fail(`axis ${axis} must have known sizes`);
    return [{ dtype: first.dtype, shape: first.shape.map((dim, i) => (i === axis ? total : dim)) }];
  },
  emit: ({ attributes: { axis }, inputs, onnx }) => [onnx.node('Concat', inputs, { axis })],
  gradient({ attributes: { axis }, inputs, outputGradients: [dy], wanted }) {
    let from = 0;
    return inputs.map((input, i) => {
      const size = fixed(input.type.shape)[axis];
      from += size;
      return dy && wanted[i] ? slice(dy, { axis, from: from - size, to: from }) : undefined;
    });
  },
};

/** Joins along an axis (channels by default). */
export function concat(values: readonly Value[], axis = 1): Value {
  return values.length === 1 ? values[0] : apply1(concatOp, values, { axis });
}
