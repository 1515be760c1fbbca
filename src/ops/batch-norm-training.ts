import { scalar } from '../graph/leaves.ts';
import { apply, type Op, type Value } from '../graph/node.ts';
import { fixed, sizeOf, tensor } from '../graph/tensor.ts';
import { add } from './add.ts';
import { type NormAttributes, normType } from './batch-norm.ts';
import { batchNormGradient } from './batch-norm-gradient.ts';
import { expand } from './expand.ts';
import { multiply } from './multiply.ts';
import { reshape } from './reshape.ts';
import { subtract } from './subtract.ts';

export const batchNormTrainingOp: Op<NormAttributes> = {
  name: 'batchNormTraining',
  infer(types, _, fail) {
    const { dtype, shape } = normType(types, fail);
    const vector = { dtype, shape: [shape[1]] };
    return [{ dtype, shape }, vector, vector];
  },
  emit({ attributes: { epsilon }, inputs, inputTypes, onnx }) {
    const channels = inputTypes[1].shape[0] as number;
    const zeros = onnx.constant('zeros', tensor(new Float32Array(channels), [channels]));
    // Momentum 0: the "running" statistics that come back are the batch's own, with biased variance.
    return onnx.nodes('BatchNormalization', [...inputs, zeros, zeros], 3, {
      epsilon: { float: epsilon },
      momentum: { float: 0 },
      training_mode: 1,
    });
  },
  gradient({ attributes, inputs: [x, gamma], outputs, outputGradients: [dy, dMean, dVariance] }) {
    const [, mean, variance] = outputs;
    const parts = dy && batchNormGradient(x, dy, gamma, mean, variance, attributes);
    let dx = parts?.dx;
    const channels = (value: Value) =>
      reshape(
        value,
        x.type.shape.map((dim, axis) => (axis === 1 ? dim : 1)),
      );
    const share = () => scalar(1 / (sizeOf(fixed(x.type.shape)) / (mean.type.shape[0] as number)));
    const include = (more: Value) => {
      dx = dx === undefined ? more : add(dx, more);
    };
    // ∂μ/∂x = 1 / M; ∂σ²/∂x = 2 (x - μ) / M. Rarely wanted: running statistics carry no gradient.
    if (dMean) include(expand(multiply(channels(dMean), share()), x.type.shape));
    if (dVariance) {
      const centred = subtract(x, channels(mean));
      include(multiply(centred, multiply(channels(dVariance), multiply(share(), scalar(2)))));
    }
    return [dx, parts?.dGamma, parts?.dBeta];
  },
};

export interface Normalised {
  readonly y: Value;
  /** Mean of the batch a channel, [C]. */
  readonly mean: Value;
  /** Biased variance of the batch a channel (divided by the count, not the count less one), [C]. */
  readonly variance: Value;
}

/**
 * Batch normalisation as training does it (Ioffe & Szegedy 2015): x [N, C, …] is normalised by the mean and the
 * biased variance of its own channels, then scaled by γ [C] and moved by β [C]. Keeping running statistics is the
 * layer's business: PyTorch averages the unbiased variance with momentum 0.1, Keras the biased with 0.99.
 */
export function batchNormTraining(
  x: Value,
  gamma: Value,
  beta: Value,
  { epsilon = 1e-5 }: Partial<NormAttributes> = {},
): Normalised {
  const [y, mean, variance] = apply(batchNormTrainingOp, [x, gamma, beta], { epsilon });
  return { y, mean, variance };
}
