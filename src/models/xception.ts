/**
 * Xception (Chollet 2017, figure 5): 36 convolutions in 14 modules, all but the first two separable (depthwise
 * 3x3, then 1x1). Used by 002 at 299 px with a 2-way softmax, by 003 as classifier and segmenter, and by
 * FaceForensics++ (Rössler et al. 2019), which 004 quotes.
 *
 * Expects 299 px faces in [-1, 1], preferably ImageNet weights. 20,806,952 trainable parameters in the trunk
 * (Keras' 20,861,480 less 54,528 running statistics), 20,811,050 with the 2-way classifier. Published: 002 test
 * accuracy .991, log loss .078; 003 cls accuracy .989 and mIoU .642, seg .984 and .856; 004's table II:
 * Deepfakes .989, Face2Face .984, FaceSwap .982 at c23, .943, .916, .937 at c40.
 * Deviations: padding, epsilon and momentum are the PyTorch port's whose weights FaceForensics++ released (padding 1
 * on all sides; Keras pads sizes that are even on one side only, which at 299 px comes to the same). 003 gets two
 * logits instead of one, which softmax makes equivalent. The map keeps the network's 1/32 resolution.
 */
import { z } from 'zod';
import type { Value } from '../graph/node.ts';
import type { Scope } from '../graph/scope.ts';
import * as ops from '../ops/index.ts';
import { batchNormalisation, convolution, torchNorm } from './_blocks.ts';
import { pixelHead, pixelHeadOptions } from './_pixel-head.ts';
import { centredRange, type Network, type TorchNames } from './network.ts';
import { torchPath } from './weights/torch-names.ts';

const options = z.strictObject(pixelHeadOptions);

export const xceptionTorch: TorchNames = {
  library: 'pretrainedmodels xception',
  name: (path) => (path.startsWith('trunk/') ? torchPath(path.slice('trunk/'.length)) : undefined),
  classifier: ['fc', 'last_linear'],
};

export const xception: Network<z.infer<typeof options>> = {
  name: 'xception',
  title: 'Xception',
  source: 'Chollet 2017; 002; Li et al. 2019 (Zooming into Face Forensics), 3.3',
  tasks: ['cls', 'seg'],
  inputSize: 299,
  sizes: { min: 71, step: 1 },
  normalisation: centredRange,
  options,
  torch: xceptionTorch,
  build: (scope, image, head) =>
    pixelHead(scope, xceptionTrunk(scope, image), head, { filters: 2, kernel: 1 }),
};

/** Everything before the classifier, under `trunk`: [N, 3, 299, 299] to [N, 2048, 10, 10]. */
export function xceptionTrunk(scope: Scope, image: Value): Value {
  return scope.layer('trunk', (inner) => {
    const plain = (x: Value, number: number, filters: number, stride: number) => {
      const convolved = convolution(inner, `conv${number}`, x, { filters, kernel: 3, stride, bias: false });
      return ops.relu(batchNormalisation(inner, `bn${number}`, convolved, torchNorm));
    };
    let x = plain(plain(image, 1, 32, 2), 2, 64, 1);
    for (const [i, module] of modules.entries()) {
      x = inner.layer(`block${i + 1}`, (block) => xceptionModule(block, x, module));
    }
    for (const [number, filters] of [
      [3, 1536],
      [4, 2048],
    ]) {
      const separated = separable(inner, `conv${number}`, x, filters);
      x = ops.relu(batchNormalisation(inner, `bn${number}`, separated, torchNorm));
    }
    return x;
  });
}

export interface XceptionModule {
  /** Filters of its separable convolutions. */
  readonly filters: readonly number[];
  /** 2: ends in a 3x3 maximum pooling, beside a 1x1 convolution of the same stride. */
  readonly stride: 1 | 2;
  /** The first module follows an activation directly and has none of its own in front. */
  readonly startsWithRelu: boolean;
}

/** Entry flow, middle flow (eight times), and the exit flow's module with its shortcut. */
const modules: readonly XceptionModule[] = [
  { filters: [128, 128], stride: 2, startsWithRelu: false },
  { filters: [256, 256], stride: 2, startsWithRelu: true },
  { filters: [728, 728], stride: 2, startsWithRelu: true },
  ...Array.from(
    { length: 8 },
    (): XceptionModule => ({ filters: [728, 728, 728], stride: 1, startsWithRelu: true }),
  ),
  { filters: [728, 1024], stride: 2, startsWithRelu: true },
];

/** ReLU, separable convolution and norm, repeated, beside the identity or a strided 1x1 convolution. */
export function xceptionModule(
  scope: Scope,
  x: Value,
  { filters, stride, startsWithRelu }: XceptionModule,
): Value {
  // The port keeps the layers in one list, ReLUs included, whose numbers are the names in its files.
  let number = startsWithRelu ? 1 : 0;
  let y = x;
  for (const [i, count] of filters.entries()) {
    if (i > 0 || startsWithRelu) y = ops.relu(y);
    y = separable(scope, `rep/${number}`, y, count);
    y = batchNormalisation(scope, `rep/${number + 1}`, y, torchNorm);
    number += 3;
  }
  if (stride === 1) return ops.add(y, x);
  const pooled = ops.maxPool2d(y, { kernel: 3, stride, padding: 1 });
  const last = filters[filters.length - 1];
  const shortcut = convolution(scope, 'skip', x, { filters: last, kernel: 1, stride, bias: false });
  return ops.add(pooled, batchNormalisation(scope, 'skipbn', shortcut, torchNorm));
}

/** Depthwise 3x3 (`conv1`), then 1x1 (`pointwise`): nothing in between, no bias. */
function separable(scope: Scope, name: string, x: Value, filters: number): Value {
  return scope.layer(name, (inner) => {
    const groups = x.type.shape[1] as number;
    const depthwise = convolution(inner, 'conv1', x, {
      filters: groups,
      kernel: 3,
      padding: 1,
      groups,
      bias: false,
    });
    return convolution(inner, 'pointwise', depthwise, { filters, kernel: 1, bias: false });
  });
}
