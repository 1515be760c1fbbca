/**
 * ResNet-18 (He et al. 2016, torchvision's layout) as Dessa used it: "Towards Deepfake Detection That Actually
 * Works" (2019), modelling section. The classifier is linear, or has one hidden layer of ReLU units; dropout on the
 * convolutions' output, dropout and batch normalisation on the hidden layer's.
 *
 * Expects 224 px faces, ImageNet statistics, preferably ImageNet weights. 11,176,512 trainable parameters in the
 * trunk (torchvision's), 11,177,025 with the linear classifier. Published: AUC .5 on YouTube deepfakes when trained
 * on FaceForensics++, .63 on average when trained on YouTube, above .8 on both when trained on both.
 * Deviations: the blog gives no rates and no hidden size; both are options, for its random search. Dropout of the
 * pooled features stands for dropout of whole channels before the pooling: the two are equal.
 */
import { z } from 'zod';
import type { Value } from '../graph/node.ts';
import type { Scope } from '../graph/scope.ts';
import * as ops from '../ops/index.ts';
import { batchNormalisation, convolution, dropout, linear, probability, torchNorm } from './_blocks.ts';
import { imagenetRange, type Network, type TorchNames } from './network.ts';
import { torchPath } from './weights/torch-names.ts';

const options = z.strictObject({
  /** Units of the hidden layer; 0 makes the classifier linear. */
  hidden: z.int().min(0).max(4096).default(0),
  /** Share of the convolutions' output channels that are dropped. */
  dropout: z.number().min(0).lt(1).default(0.2),
  /** Share of the hidden units that are dropped. */
  hiddenDropout: z.number().min(0).lt(1).default(0.5),
});

export const resnet18Torch: TorchNames = {
  library: 'torchvision resnet18',
  name: (path) => (path.startsWith('trunk/') ? torchPath(path.slice('trunk/'.length)) : undefined),
  classifier: ['fc'],
};

export const resnet18: Network<z.infer<typeof options>> = {
  name: 'resnet18',
  title: 'ResNet-18',
  source: 'Dessa 2019; He et al. 2016',
  tasks: ['cls'],
  inputSize: 224,
  sizes: { min: 32, step: 32 },
  normalisation: imagenetRange,
  options,
  torch: resnet18Torch,
  build(scope, image, { hidden, dropout: rate, hiddenDropout }) {
    const pooled = ops.globalAveragePool2d(resnet18Trunk(scope, image));
    return scope.layer('head', (inner) => {
      let x = dropout(inner, 'dropout', pooled, rate);
      if (hidden > 0) {
        x = ops.relu(linear(inner, 'hidden', x, hidden));
        x = dropout(inner, 'hidden-dropout', batchNormalisation(inner, 'norm', x, torchNorm), hiddenDropout);
      }
      const logits = linear(inner, 'output', x, 1);
      return { score: probability(logits), logits };
    });
  },
};

/** Everything before the classifier, under `trunk`: [N, 3, H, W] to [N, 512, H / 32, W / 32]. */
export function resnet18Trunk(scope: Scope, image: Value): Value {
  return scope.layer('trunk', (inner) => {
    const stem = convolution(inner, 'conv1', image, {
      filters: 64,
      kernel: 7,
      stride: 2,
      padding: 3,
      bias: false,
      start: 'he',
    });
    let x = ops.relu(batchNormalisation(inner, 'bn1', stem, torchNorm));
    x = ops.maxPool2d(x, { kernel: 3, stride: 2, padding: 1 });
    for (const [stage, filters] of [64, 128, 256, 512].entries()) {
      for (const block of [0, 1]) {
        const stride = stage > 0 && block === 0 ? 2 : 1;
        x = inner.layer(`layer${stage + 1}/${block}`, (layer) => basicBlock(layer, x, filters, stride));
      }
    }
    return x;
  });
}

/** Two 3x3 convolutions beside the identity, or beside a 1x1 convolution where the shape changes. */
function basicBlock(scope: Scope, x: Value, filters: number, stride: number): Value {
  const step = (number: 1 | 2, input: Value, by: number) => {
    const layer = { filters, kernel: 3, stride: by, padding: 1, bias: false, start: 'he' } as const;
    return batchNormalisation(
      scope,
      `bn${number}`,
      convolution(scope, `conv${number}`, input, layer),
      torchNorm,
    );
  };
  const y = step(2, ops.relu(step(1, x, stride)), 1);
  if (stride === 1) return ops.relu(ops.add(y, x));
  const shortcut = scope.layer('downsample', (inner) => {
    const layer = { filters, kernel: 1, stride, bias: false, start: 'he' } as const;
    return batchNormalisation(inner, '1', convolution(inner, '0', x, layer), torchNorm);
  });
  return ops.relu(ops.add(y, shortcut));
}
