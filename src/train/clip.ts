/** The global norm of gradients, and clipping by it. */
import { scalar } from '../graph/leaves.ts';
import { apply1, notDifferentiable, type Op, type Value } from '../graph/node.ts';
import * as ops from '../ops/index.ts';

/** Σ x² in one pass over memory; square and sum would be three. */
const sumOfSquaresOp: Op<void> = {
  name: 'sumOfSquares',
  infer: () => [{ dtype: 'float32', shape: [] }],
  emit: ({ inputs, onnx }) => [onnx.node('ReduceSumSquare', inputs, { keepdims: 0 })],
  gradient: notDifferentiable('only norms of gradients are taken'),
};

export function sumOfSquares(x: Value): Value {
  return apply1(sumOfSquaresOp, [x], undefined);
}

/** √ Σ ‖g‖² over all gradients, a scalar. */
export function globalNorm(gradients: readonly Value[]): Value {
  return ops.sqrt(gradients.map(sumOfSquares).reduce(ops.add));
}

/** Scales all gradients by min(1, limit / norm) (Pascanu et al. 2013), so that their global norm is at most `limit`. */
export function clipByNorm(gradients: readonly Value[], norm: Value, limit: number): Value[] {
  // PyTorch adds the same 1e-6.
  const scale = ops.clamp(ops.divide(scalar(limit), ops.add(norm, scalar(1e-6))), 0, 1);
  return gradients.map((gradient) => ops.multiply(gradient, scale));
}
