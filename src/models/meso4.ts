/**
 * Meso-4 (Afchar et al. 2018, "MesoNet", section 2.1 and figure 4): four convolutions, two dense layers.
 *
 * Expects 256 px faces in [0, 1] that fill the picture. 27,977 trainable parameters (published and met).
 * Published: .891 of frames right on the Deepfake set (table 3); .946 / .924 / .832 on Face2Face at CRF
 * 0 / 23 / 40 (table 4). Convolution, ReLU, then batch normalisation, as in the authors' code. Their sigmoid's
 * 1 means real; ours means manipulated, and the import flips the last layer's sign.
 */
import { z } from 'zod';
import type { Value } from '../graph/node.ts';
import type { Scope } from '../graph/scope.ts';
import * as ops from '../ops/index.ts';
import { batchNormalisation, convolution, kerasNorm } from './_blocks.ts';
import { mesoHead } from './_meso-head.ts';
import { type Network, unitRange } from './network.ts';

const options = z.strictObject({
  /** Share of values dropped before each dense layer. */
  dropout: z.number().min(0).lt(1).default(0.5),
});

/** Filters, kernel and pooling of the four blocks (figure 4). */
const blocks = [
  { filters: 8, kernel: 3, pool: 2 },
  { filters: 8, kernel: 5, pool: 2 },
  { filters: 16, kernel: 5, pool: 2 },
  { filters: 16, kernel: 5, pool: 4 },
];

export const meso4: Network<z.infer<typeof options>> = {
  name: 'meso4',
  title: 'Meso-4',
  source: 'Afchar et al. 2018 (MesoNet), 2.1',
  tasks: ['cls'],
  inputSize: 256,
  sizes: { min: 32, step: 32 },
  normalisation: unitRange,
  options,
  publishedParameters: 27_977,
  kerasOrder: {
    conv2d: ['block1/conv', 'block2/conv', 'block3/conv', 'block4/conv'],
    batch_normalization: ['block1/norm', 'block2/norm', 'block3/norm', 'block4/norm'],
    dense: ['head/hidden', 'head/output'],
  },
  build(scope, image, { dropout }) {
    const features = blocks.reduce(
      (x, block, i) => scope.layer(`block${i + 1}`, (inner) => mesoBlock(inner, x, block)),
      image,
    );
    return mesoHead(scope, features, dropout);
  },
};

/** Convolution, ReLU, batch normalisation, max pooling; 'same' padding throughout. */
export function mesoBlock(scope: Scope, x: Value, { filters, kernel, pool }: (typeof blocks)[number]): Value {
  return ops.maxPool2d(mesoFeatures(scope, x, filters, kernel), { kernel: pool, stride: pool });
}

/** The block before its pooling. */
export function mesoFeatures(scope: Scope, x: Value, filters: number, kernel: number): Value {
  const convolved = ops.relu(convolution(scope, 'conv', x, { filters, kernel, padding: 'same' }));
  return batchNormalisation(scope, 'norm', convolved, kerasNorm);
}
