/**
 * Bayar & Stamm 2016 ("A deep learning approach to universal image manipulation detection using a new convolutional
 * layer"), as 004's related work and FaceForensics++ use it: a constrained first convolution that can only learn to
 * predict a pixel from its neighbours, so that content is suppressed, then two convolutions with maximum poolings and
 * three dense layers.
 *
 * Expects 227 px pictures in [0, 1]. 171,049,718 trainable parameters with the paper's 4,096 units. Published for
 * median filtering, noise, blur and re-sampling, not for faces; FaceForensics++ quotes it retrained.
 * The constraint: in every plane of every kernel the centre is -1 and the others sum to 1. First weights meet it, and
 * every training step projects onto it (`Scope.constrain`).
 * Deviations: three colour channels in, as in FaceForensics++, where the paper takes the green one; no local response
 * normalisation, which is out of use. The kernel sizes, strides and filters are the paper's.
 */
import { z } from 'zod';
import { constant, scalar } from '../graph/leaves.ts';
import type { Value } from '../graph/node.ts';
import type { Scope } from '../graph/scope.ts';
import { fixed, tensor } from '../graph/tensor.ts';
import * as ops from '../ops/index.ts';
import { convolution, dropout, linear, probability } from './_blocks.ts';
import { type Network, unitRange } from './network.ts';

const options = z.strictObject({
  /** Units of the two hidden dense layers. */
  units: z.int().min(1).max(8192).default(4096),
  /** Share of values dropped before each hidden dense layer. */
  dropout: z.number().min(0).lt(1).default(0.5),
});

/** Prediction-error filters of the first layer and their size. */
const constrained = { filters: 12, kernel: 5 };

export const bayar: Network<z.infer<typeof options>> = {
  name: 'bayar',
  title: 'Bayar & Stamm',
  source: 'Bayar & Stamm 2016',
  tasks: ['cls'],
  inputSize: 227,
  sizes: { min: 32, step: 1 },
  normalisation: unitRange,
  options,
  build(scope, image, { units, dropout: rate }) {
    const residual = predictionError(scope, image);
    const layer = { start: 'he', padding: 'same' } as const;
    let x = ops.relu(convolution(scope, 'conv2', residual, { ...layer, filters: 64, kernel: 7, stride: 2 }));
    x = ops.maxPool2d(x, { kernel: 3, stride: 2, padding: 1 });
    x = ops.relu(convolution(scope, 'conv3', x, { ...layer, filters: 48, kernel: 5 }));
    x = ops.maxPool2d(x, { kernel: 3, stride: 2, padding: 1 });
    const [n, ...picture] = x.type.shape;
    x = ops.reshape(x, [n, fixed(picture).reduce((size, dim) => size * dim, 1)]);
    for (const name of ['dense1', 'dense2']) {
      x = ops.relu(linear(scope, name, dropout(scope, `${name}/dropout`, x, rate), units));
    }
    const logits = linear(scope, 'output', x, 2);
    return { score: probability(logits), logits };
  },
};

/** The constrained convolution, without padding and without bias: [N, C, H, W] to [N, 12, H - 4, W - 4]. */
export function predictionError(scope: Scope, image: Value): Value {
  return scope.layer('constrained', (inner) => {
    const { filters, kernel } = constrained;
    const shape = [filters, image.type.shape[1], kernel, kernel];
    const weight = inner.parameter('weight', shape, { kind: 'prediction-error' });
    inner.constrain('weight', projectPredictionError);
    return ops.conv2d(image, weight);
  });
}

/** Algorithm 1: the centre is set to 0, the plane divided by its sum, the centre set to -1. */
export function projectPredictionError(weight: Value): Value {
  const [, , side] = fixed(weight.type.shape);
  const centre = new Float32Array(side * side);
  centre[(side * side - 1) / 2] = 1;
  const around = ops.subtract(scalar(1), constant(tensor(centre, [side, side])));
  const others = ops.multiply(weight, around);
  const sum = ops.reduceSum(others, [2, 3], { keepAxes: true });
  return ops.subtract(ops.divide(others, sum), constant(tensor(centre, [side, side])));
}
