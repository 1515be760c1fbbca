import { apply1, type Op, type Value } from '../graph/node.ts';
import { int64 } from '../graph/tensor.ts';
import { unfoldSteps } from './unfold-steps.ts';

export const foldStepsOp: Op<void> = {
  name: 'foldSteps',
  infer([x], _, fail) {
    const [n, steps, ...rest] = x.shape;
    if (typeof steps !== 'number') return fail('wants sequences [N, steps, …] of a known length');
    if (rest.some((dim) => typeof dim === 'string')) return fail('wants only the batch unknown');
    return [{ dtype: x.dtype, shape: [typeof n === 'number' ? n * steps : `${n}*${steps}`, ...rest] }];
  },
  emit({ inputs, outputTypes, onnx }) {
    const sizes = outputTypes[0].shape.map((dim) => (typeof dim === 'string' ? -1 : dim));
    return [onnx.node('Reshape', [inputs[0], onnx.constant('shape', int64(sizes))])];
  },
  gradient: ({ inputs: [x], outputGradients: [dy] }) => [dy && unfoldSteps(dy, x.type.shape[1] as number)],
};

/**
 * Sequences [N, steps, …] as one batch [N steps, …], sequence after sequence: what a network that looks at single
 * frames takes. The batch may be unknown. Undone by {@link unfoldSteps}.
 */
export function foldSteps(x: Value): Value {
  return apply1(foldStepsOp, [x], undefined);
}
