/**
 * DenseNet-121 (Huang et al. 2017, torchvision's layout) with one output, the strongest backbone of Sabir et al.
 * 2019 ("Recurrent convolutional strategies for face manipulation detection in videos"), which 004's table II quotes.
 *
 * Expects 224 px aligned faces, ImageNet statistics. 6,953,856 trainable parameters in the trunk (torchvision's),
 * 6,954,881 with the linear classifier. Published, with the recurrent layer on top, c40: Deepfakes .967,
 * Face2Face .932, FaceSwap .958 (004, table II). For one frame none is quoted.
 * Deviations: torchvision's default drops nothing, so there is no dropout.
 */
import { z } from 'zod';
import type { Value } from '../graph/node.ts';
import type { Scope } from '../graph/scope.ts';
import * as ops from '../ops/index.ts';
import { batchNormalisation, convolution, linear, probability, torchNorm } from './_blocks.ts';
import { imagenetRange, type Network, type TorchNames } from './network.ts';
import { torchPath } from './weights/torch-names.ts';

const options = z.strictObject({});

export const densenet121Torch: TorchNames = {
  library: 'torchvision densenet121',
  name: (path) =>
    path.startsWith('trunk/') ? `features.${torchPath(path.slice('trunk/'.length))}` : undefined,
  // torchvision's own downloads still say `denselayer1.norm.1` where its code says `denselayer1.norm1`.
  canonical: (name) => name.replace(/(denselayer\d+\.(?:norm|conv))\.([12]\.)/, '$1$2'),
  classifier: ['classifier'],
};

export const densenet121: Network<z.infer<typeof options>> = {
  name: 'densenet121',
  title: 'DenseNet-121',
  source: 'Sabir et al. 2019; Huang et al. 2017',
  tasks: ['cls'],
  inputSize: 224,
  sizes: { min: 32, step: 32 },
  normalisation: imagenetRange,
  options,
  torch: densenet121Torch,
  build(scope, image) {
    const pooled = ops.globalAveragePool2d(densenet121Trunk(scope, image));
    const logits = scope.layer('head', (inner) => linear(inner, 'output', pooled, 1));
    return { score: probability(logits), logits };
  },
};

/** Channels that each dense layer adds. */
const growth = 32;

/** Everything before the classifier, under `trunk`: [N, 3, H, W] to [N, 1024, H / 32, W / 32]. */
export function densenet121Trunk(scope: Scope, image: Value): Value {
  return scope.layer('trunk', (inner) => {
    let x = plain(inner, 'conv0', image, { filters: 64, kernel: 7, stride: 2, padding: 3 });
    x = ops.relu(batchNormalisation(inner, 'norm0', x, torchNorm));
    x = ops.maxPool2d(x, { kernel: 3, stride: 2, padding: 1 });
    const counts = [6, 12, 24, 16];
    for (const [i, count] of counts.entries()) {
      x = inner.layer(`denseblock${i + 1}`, (block) => denseBlock(block, x, count));
      if (i === counts.length - 1) break;
      x = inner.layer(`transition${i + 1}`, (transition) => {
        const filters = (x.type.shape[1] as number) / 2;
        const narrowed = plain(transition, 'conv', normalised(transition, 'norm', x), { filters, kernel: 1 });
        return ops.averagePool2d(narrowed, { kernel: 2 });
      });
    }
    return normalised(inner, 'norm5', x);
  });
}

/** Every layer sees the outputs of all layers before it. */
function denseBlock(scope: Scope, x: Value, count: number): Value {
  let joined = x;
  for (let i = 1; i <= count; i++) {
    const added = scope.layer(`denselayer${i}`, (inner) => {
      const before = normalised(inner, 'norm1', joined);
      const bottleneck = plain(inner, 'conv1', before, { filters: 4 * growth, kernel: 1 });
      const after = normalised(inner, 'norm2', bottleneck);
      return plain(inner, 'conv2', after, { filters: growth, kernel: 3, padding: 1 });
    });
    joined = ops.concat([joined, added]);
  }
  return joined;
}

function normalised(scope: Scope, name: string, x: Value): Value {
  return ops.relu(batchNormalisation(scope, name, x, torchNorm));
}

function plain(
  scope: Scope,
  name: string,
  x: Value,
  layer: { filters: number; kernel: number; stride?: number; padding?: number },
): Value {
  return convolution(scope, name, x, { ...layer, bias: false, start: 'he-in' });
}
