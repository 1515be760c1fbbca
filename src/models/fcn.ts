/**
 * The fully convolutional network of "Using fully convolutional networks to detect manipulated images in videos"
 * (Tarasiou & Zafeiriou 2020, section IV-B, table I): eight unpadded 3x3 convolutions and one pooling, then one
 * classifier for the pixels and one for the average over them. Trained jointly:
 * loss = lambda_seg * pixels' cross entropy + (1 - lambda_seg) * picture's; lambda_seg belongs to the loss.
 *
 * Expects 128 px crops centred on the landmarks in [-1, 1]. 1,175,204 trainable parameters (~1.2 M published).
 * Published, FaceForensics++, one method at a time, lambda_seg .7: Deepfakes .975, Face2Face .984, FaceSwap .982 at
 * c23; .917, .868, .913 at c40 (table II).
 * Deviations: none in the layers; every output size is table I's. Its receptive fields are 2 too large from the
 * pooling on: a 3x3 window at stride 1 before it adds 2, not 4, so the fields are 3, 5, 7, 11 … 31 and not
 * 3, 5, 9, 13 … 33. A map's cell (i, j) is centred on pixel (15 + 2i, 15 + 2j).
 */
import { z } from 'zod';
import type { Value } from '../graph/node.ts';
import * as ops from '../ops/index.ts';
import {
  batchNormalisation,
  convolution,
  linear,
  mapProbability,
  probability,
  torchNorm,
} from './_blocks.ts';
import { centredRange, type Network } from './network.ts';

const options = z.strictObject({});

/** Filters of the 3x3 convolutions before the pooling and after it (table I, layers 1, 2 and 4 to 9). */
const before = [32, 32];
const after = [64, 64, 128, 128, 256, 256];

export const fcn: Network<z.infer<typeof options>> = {
  name: 'fcn',
  title: 'FCN',
  source: 'Tarasiou & Zafeiriou 2020, IV-B, table I',
  tasks: ['joint'],
  inputSize: 128,
  sizes: { min: 32, step: 1 },
  normalisation: centredRange,
  options,
  build(scope, image) {
    const block = (x: Value, filters: number, i: number) =>
      scope.layer(`block${i + 1}`, (inner) => {
        const convolved = ops.relu(convolution(inner, 'conv', x, { filters, kernel: 3, start: 'he' }));
        return batchNormalisation(inner, 'norm', convolved, torchNorm);
      });
    const fine = before.reduce(block, image);
    const pooled = ops.maxPool2d(fine, { kernel: 3, stride: 2 });
    const features = after.reduce((x, filters, i) => block(x, filters, before.length + i), pooled);
    const mapLogits = convolution(scope, 'pixels', features, { filters: 2, kernel: 1, start: 'fan-in' });
    const logits = linear(scope, 'picture', ops.globalAveragePool2d(features), 2);
    return { score: probability(logits), logits, map: mapProbability(mapLogits), mapLogits };
  },
};
