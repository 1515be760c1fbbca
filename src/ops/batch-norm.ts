import { scalar } from '../graph/leaves.ts';
import { apply1, type Op, type Value } from '../graph/node.ts';
import type { TensorType } from '../graph/tensor.ts';
import { add } from './add.ts';
import { divide } from './divide.ts';
import { multiply } from './multiply.ts';
import { reduceSum } from './reduce-sum.ts';
import { reshape } from './reshape.ts';
import { sqrt } from './sqrt.ts';
import { subtract } from './subtract.ts';

export interface NormAttributes {
  readonly epsilon: number;
}

/** Shape rule of batch normalisation: x [N, C, …] and vectors [C]. */
export function normType([x, ...vectors]: readonly TensorType[], fail: (why: string) => never): TensorType {
  const channels = x.shape[1];
  if (vectors.some(({ shape }) => shape.length !== 1 || shape[0] !== channels)) {
    return fail(`wants vectors of [${channels}], one number a channel`);
  }
  return x;
}

export const batchNormOp: Op<NormAttributes> = {
  name: 'batchNorm',
  infer: (types, _, fail) => [normType(types, fail)],
  emit: ({ attributes: { epsilon }, inputs, onnx }) => [
    onnx.node('BatchNormalization', inputs, { epsilon: { float: epsilon } }),
  ],
  // y = γ (x - μ) / s + β with s = sqrt(σ² + ε); μ and σ² are constants of training here, or inputs.
  gradient({ attributes: { epsilon }, inputs, outputGradients: [dy], wanted }) {
    if (dy === undefined) return inputs.map(() => undefined);
    const [x, gamma, , mean, variance] = inputs;
    const axes = x.type.shape.map((_, axis) => axis).filter((axis) => axis !== 1);
    const channels = (value: Value) =>
      reshape(
        value,
        x.type.shape.map((_, axis) => (axis === 1 ? value.type.shape[0] : 1)),
      );
    const deviation = sqrt(add(variance, scalar(epsilon)));
    const slope = divide(gamma, deviation);
    const sum = () => reduceSum(dy, axes);
    const moment = () => reduceSum(multiply(dy, subtract(x, channels(mean))), axes);
    // ∂y/∂σ² = -γ (x - μ) / (2 s³)
    const spread = () =>
      divide(multiply(moment(), slope), multiply(add(variance, scalar(epsilon)), scalar(-2)));
    return [
      wanted[0] ? multiply(dy, channels(slope)) : undefined,
      wanted[1] ? divide(moment(), deviation) : undefined,
      wanted[2] ? sum() : undefined,
      wanted[3] ? multiply(sum(), multiply(slope, scalar(-1))) : undefined,
      wanted[4] ? spread() : undefined,
    ];
  },
};

/**
 * Batch normalisation as inference does it (Ioffe & Szegedy 2015): γ (x - μ) / sqrt(σ² + ε) + β of x [N, C, …]
 * with vectors [C].
 */
export function batchNorm(
  x: Value,
  gamma: Value,
  beta: Value,
  mean: Value,
  variance: Value,
  { epsilon = 1e-5 }: Partial<NormAttributes> = {},
): Value {
  return apply1(batchNormOp, [x, gamma, beta, mean, variance], { epsilon });
}
