import { apply1, type Op, type Value } from '../graph/node.ts';
import type { Dim } from '../graph/tensor.ts';
import { int64 } from '../graph/tensor.ts';
import { foldSteps } from './fold-steps.ts';

interface Attributes {
  readonly steps: number;
}

export const unfoldStepsOp: Op<Attributes> = {
  name: 'unfoldSteps',
  infer([x], { steps }, fail) {
    const [all, ...rest] = x.shape;
    if (rest.some((dim) => typeof dim === 'string')) return fail('wants only the batch unknown');
    const n = sequences(all, steps);
    if (n === undefined) return fail(`the batch does not divide into sequences of ${steps}`);
    return [{ dtype: x.dtype, shape: [n, steps, ...rest] }];
  },
  emit({ inputs, outputTypes, onnx }) {
    const sizes = outputTypes[0].shape.map((dim) => (typeof dim === 'string' ? -1 : dim));
    return [onnx.node('Reshape', [inputs[0], onnx.constant('shape', int64(sizes))])];
  },
  gradient: ({ outputGradients: [dy] }) => [dy && foldSteps(dy)],
};

/** `N*5` divides into sequences of 5 because foldSteps made it from `N`; nothing is known of other names. */
function sequences(all: Dim, steps: number): Dim | undefined {
  if (typeof all === 'number') return all % steps === 0 ? all / steps : undefined;
  const suffix = `*${steps}`;
  return all.endsWith(suffix) ? all.slice(0, -suffix.length) : undefined;
}

/** A batch [N steps, …] as sequences [N, steps, …]: undoes {@link foldSteps}. */
export function unfoldSteps(x: Value, steps: number): Value {
  return apply1(unfoldStepsOp, [x], { steps });
}
