import { scalar } from '../graph/leaves.ts';
import { apply, type Op, type Value } from '../graph/node.ts';
import { fixed, int64, sizeOf, tensor } from '../graph/tensor.ts';
import { add } from './add.ts';
import { type NormAttributes, normType } from './batch-norm.ts';
import { batchNormGradient } from './batch-norm-gradient.ts';
import { expand } from './expand.ts';
import { multiply } from './multiply.ts';
import { reshape } from './reshape.ts';

/** Outputs: y, mean, variance, and for the gradient the centred x - μ and 1 / sqrt(σ² + ε). */
export const batchNormTrainingOp: Op<NormAttributes> = {
  name: 'batchNormTraining',
  infer(types, _, fail) {
    const { dtype, shape } = normType(types, fail);
    const vector = { dtype, shape: [shape[1]] };
    return [{ dtype, shape }, vector, vector, { dtype, shape }, vector];
  },
  /**
   * Not ONNX's BatchNormalization with training_mode: ONNX Runtime 1.30 writes its running statistics into the
   * inputs' memory, and where those are equal constants they are one and the same, so that mean and variance of
   * different layers overwrite each other. These nodes also run on all threads, which that one does not.
   */
  emit({ attributes: { epsilon }, inputs: [x, gamma, beta], inputTypes, onnx }) {
    const shape = fixed(inputTypes[0].shape);
    const [n, channels] = shape;
    const pixels = sizeOf(shape.slice(2));
    const number = (value: number) => onnx.constant('number', tensor([value], []));
    const axes = onnx.constant('axes', int64(shape.map((_, axis) => axis).filter((axis) => axis !== 1)));
    const mean = onnx.node('ReduceMean', [x, axes], { keepdims: 0 });
    const across = onnx.constant('shape', int64([channels, ...shape.slice(2).map(() => 1)]));
    const centred = onnx.node('Sub', [x, onnx.node('Reshape', [mean, across])]);
    // Σ (x - μ)² a picture and channel as products of rows with themselves: no array of squares is written.
    const rows = onnx.node('Reshape', [centred, onnx.constant('shape', int64([n * channels, 1, pixels]))]);
    const products = onnx.node('FusedMatMul', [rows, rows], { transB: 1 }, 'com.microsoft');
    const apart = onnx.node('Reshape', [products, onnx.constant('shape', int64([n, channels]))]);
    const sum = onnx.node('ReduceSum', [apart, onnx.constant('axes', int64([0]))], { keepdims: 0 });
    const variance = onnx.node('Mul', [sum, number(1 / (n * pixels))]);
    const deviation = onnx.node('Sqrt', [onnx.node('Add', [variance, number(epsilon)])]);
    const inverse = onnx.node('Reciprocal', [deviation]);
    const slope = onnx.node('Mul', [gamma, inverse]);
    return [scaled(centred, slope, beta), mean, variance, centred, inverse];

    /** A factor and a summand a channel in one pass: a convolution of 1x1 in as many groups as channels. */
    function scaled(value: string, factor: string, summand: string): string {
      const kernel = onnx.node('Reshape', [factor, onnx.constant('shape', int64([channels, 1, 1, 1]))]);
      if (shape.length === 4) return onnx.node('Conv', [value, kernel, summand], { group: channels });
      const picture = onnx.node('Reshape', [value, onnx.constant('shape', int64([n, channels, 1, pixels]))]);
      const y = onnx.node('Conv', [picture, kernel, summand], { group: channels });
      return onnx.node('Reshape', [y, onnx.constant('shape', int64(shape))]);
    }
  },
  gradient({ inputs: [x, gamma], outputs, outputGradients: [dy, dMean, dVariance] }) {
    const [, mean, , centred, inverse] = outputs;
    const parts = dy && batchNormGradient(centred, dy, gamma, inverse);
    let dx = parts?.dx;
    const channels = (value: Value) =>
      reshape(
        value,
        x.type.shape.map((dim, axis) => (axis === 1 ? dim : 1)),
      );
    const share = (factor: number) =>
      scalar(factor / (sizeOf(fixed(x.type.shape)) / (mean.type.shape[0] as number)));
    const include = (more: Value) => {
      dx = dx === undefined ? more : add(dx, more);
    };
    // ∂μ/∂x = 1 / M; ∂σ²/∂x = 2 (x - μ) / M. Rarely wanted: running statistics carry no gradient.
    if (dMean) include(expand(multiply(channels(dMean), share(1)), x.type.shape));
    if (dVariance) include(multiply(centred, multiply(channels(dVariance), share(2))));
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
