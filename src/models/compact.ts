/**
 * Our own compact detector: a small residual network with a map beside its score, designed for accuracy per
 * millisecond on a CPU. No paper.
 *
 * Expects 128 px faces in [-1, 1]. 488,180 trainable parameters, 87 M multiply-adds; 2.1 ms a face on one 2.5 GHz
 * AVX-512 core (a plain network of 12-24-48-96 channels: 101 M, 4.0 ms, in the same minute). Scores: see the model
 * cards of the detectors trained from it (docs/models).
 *
 * Why so: the first convolution sees every pixel at full resolution, where forgeries leave their traces; each halving
 * is a strided convolution, which costs a quarter of a convolution and a pooling. Channels are multiples of 16, the
 * width of ONNX Runtime's blocked convolutions on AVX-512 (8 on AVX2): with 8 filters at full resolution it does a
 * tenth less and takes longer. Every norm follows its convolution directly, so that it folds away in the detector.
 * Identities around pairs of convolutions keep the deeper half trainable at high rates. The map has 1/8 of the input's
 * resolution and is supervised where there are masks; the score reads pooled features together with the map's mean
 * and maximum, so that a small forged region can decide.
 */
import { z } from 'zod';
import type { Value } from '../graph/node.ts';
import type { Scope } from '../graph/scope.ts';
import * as ops from '../ops/index.ts';
import {
  batchNormalisation,
  convolution,
  mapProbability,
  probability,
  scoreBesideMap,
  torchNorm,
} from './_blocks.ts';
import { centredRange, type Network } from './network.ts';

const options = z.strictObject({
  /** Filters at full and half resolution; 2, 4 and 8 times as many at 1/4, 1/8 and 1/16. */
  width: z.int().min(4).max(64).default(16),
  /** Where the first convolution works: at full resolution, or at half, which trains faster. */
  stem: z.enum(['full', 'half']).default('full'),
  /** Residual pairs at 1/4, 1/8 and 1/16 of the resolution. */
  depth: z.int().min(1).max(8).default(1),
  /** Share of the pooled features that are dropped. */
  dropout: z.number().min(0).lt(1).default(0.1),
});

export const compact: Network<z.infer<typeof options>> = {
  name: 'compact',
  title: 'Compact',
  source: 'Mesoscope',
  tasks: ['joint'],
  inputSize: 128,
  sizes: { min: 32, step: 16 },
  normalisation: centredRange,
  options,
  build(scope, image, { width, stem, depth, dropout: rate }) {
    const first = unit(scope, 'stem', image, width, stem === 'full' ? 1 : 2);
    const x = unit(scope, 'half', first, width, stem === 'full' ? 2 : 1);
    const stage = (name: string, from: Value, filters: number) =>
      scope.layer(name, (inner) => {
        let y = unit(inner, 'halve', from, filters, 2);
        for (let i = 1; i <= depth; i++) y = residual(inner, `pair${i}`, y);
        return y;
      });
    const quarter = stage('quarter', x, 2 * width);
    const eighth = stage('eighth', quarter, 4 * width);
    const sixteenth = stage('sixteenth', eighth, 8 * width);
    const mapLogits = convolution(scope, 'map', eighth, { filters: 1, kernel: 1, start: 'fan-in' });
    const map = mapProbability(mapLogits);
    const logits = scoreBesideMap(scope, sixteenth, mapLogits, rate);
    return { score: probability(logits), logits, map, mapLogits };
  },
};

/** 3x3 convolution, norm, ReLU. */
function unit(scope: Scope, name: string, x: Value, filters: number, stride: 1 | 2): Value {
  return scope.layer(name, (inner) => ops.relu(normed(inner, '', x, filters, stride)));
}

/** Two 3x3 convolutions beside the identity. */
function residual(scope: Scope, name: string, x: Value): Value {
  return scope.layer(name, (inner) => {
    const filters = x.type.shape[1] as number;
    const y = normed(inner, '2', ops.relu(normed(inner, '1', x, filters, 1)), filters, 1);
    return ops.relu(ops.add(x, y));
  });
}

function normed(scope: Scope, number: string, x: Value, filters: number, stride: 1 | 2): Value {
  const layer = { filters, kernel: 3, stride, padding: 1, bias: false, start: 'he' } as const;
  return batchNormalisation(scope, `norm${number}`, convolution(scope, `conv${number}`, x, layer), torchNorm);
}
