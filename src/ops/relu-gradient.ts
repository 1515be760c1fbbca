import { apply1, notDifferentiable, type Op, type Value } from '../graph/node.ts';

export const reluGradientOp: Op<void> = {
  name: 'reluGradient',
  infer: ([y]) => [y],
  /**
   * dy where y > 0, else 0. HardSigmoid(3e38 y) is 1 for every positive normal number and 0 for 0: unlike Greater
   * and Where it runs on all threads, and writes no booleans.
   */
  emit({ inputs: [y, dy], onnx }) {
    const mask = onnx.node('HardSigmoid', [y], { alpha: { float: 3e38 }, beta: { float: 0 } });
    return [onnx.node('Mul', [dy, mask])];
  },
  gradient: notDifferentiable('second derivatives of relu are not offered'),
};

/** Gradient of `relu` from its result y: y > 0 exactly where x > 0, so x need not be kept. */
export function reluGradient(y: Value, dy: Value): Value {
  return apply1(reluGradientOp, [y, dy], undefined);
}
