/**
 * ResNet-18 and a bidirectional gated recurrent unit over 5 aligned frames (Sabir et al. 2019, "Recurrent convolutional
 * strategies for face manipulation detection in videos"; quoted in 004's table II).
 *
 * Expects sequences [N, 5, 3, 224, 224] of one face, ImageNet statistics: the batch counts sequences, so that labels
 * and scores keep one a row, and the memory is that of 5 N pictures one after another. 11,669,825
 * trainable parameters, 11,176,512 in the trunk (torchvision's).
 * Published: none is quoted for this backbone in 004.
 * Deviations: the paper gives no number of units; 128 in each direction. It trains the backbone alone first: train
 * `resnet18`, then start from its checkpoint with `init`.
 */
import { z } from 'zod';
import { scoreSequence, sequenceFrames, sequenceOptions } from './_frame-sequence.ts';
import { imagenetRange, type Network } from './network.ts';
import { resnet18Torch, resnet18Trunk } from './resnet18.ts';

const options = z.strictObject(sequenceOptions);

export const resnet18Gru: Network<z.infer<typeof options>> = {
  name: 'resnet18-gru',
  title: 'ResNet-18 + GRU',
  source: 'Sabir et al. 2019',
  tasks: ['cls'],
  inputSize: 224,
  sizes: { min: 32, step: 32 },
  frames: sequenceFrames,
  normalisation: imagenetRange,
  options,
  torch: resnet18Torch,
  build: (scope, frames, { units }) => scoreSequence(scope, frames, resnet18Trunk, units),
};
