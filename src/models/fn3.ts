/**
 * FN3 ("Zooming into Face Forensics", Li et al. 2019, section 3.3): two 7x7 convolutions of stride 2, each with
 * batch normalisation and ReLU, and a 3x3 convolution as classifier, at 1/4 of the input's resolution.
 *
 * Expects 256 px crops of twice the face in [-1, 1]. 210,945 trainable parameters (none published). Published,
 * FaceForensics++ raw: mIoU .878 as segmenter, .296 as classifier (table 2).
 * Deviations: the paper gives no number of filters; 64 as in VGG16's first block.
 */
import { z } from 'zod';
import type { Value } from '../graph/node.ts';
import * as ops from '../ops/index.ts';
import { batchNormalisation, convolution, torchNorm } from './_blocks.ts';
import { pixelHead, pixelHeadOptions } from './_pixel-head.ts';
import { centredRange, type Network } from './network.ts';

const options = z.strictObject(pixelHeadOptions);

export const fn3: Network<z.infer<typeof options>> = {
  name: 'fn3',
  title: 'FN3',
  source: 'Li et al. 2019 (Zooming into Face Forensics), 3.3',
  tasks: ['cls', 'seg'],
  inputSize: 256,
  sizes: { min: 16, step: 4 },
  normalisation: centredRange,
  options,
  build(scope, image, head) {
    const features = ['block1', 'block2'].reduce<Value>(
      (x, name) =>
        scope.layer(name, (inner) => {
          const layer = { filters: 64, kernel: 7, stride: 2, padding: 3, bias: false, start: 'he' } as const;
          return ops.relu(batchNormalisation(inner, 'norm', convolution(inner, 'conv', x, layer), torchNorm));
        }),
      image,
    );
    return pixelHead(scope, features, head);
  },
};
