/**
 * DenseNet-121 and a bidirectional gated recurrent unit over 5 aligned frames (Sabir et al. 2019, "Recurrent convolutional
 * strategies for face manipulation detection in videos"; quoted in 004's table II).
 *
 * Expects sequences [N, 5, 3, 224, 224] of one face, ImageNet statistics: the batch counts sequences, so that labels
 * and scores keep one a row, and the memory is that of 5 N pictures one after another. 7,840,385
 * trainable parameters, 6,953,856 in the trunk (torchvision's).
 * Published: Deepfakes .967, Face2Face .932, FaceSwap .958 at c40.
 * Deviations: the paper gives no number of units; 128 in each direction. It trains the backbone alone first: train
 * `densenet121`, then start from its checkpoint with `init`.
 */
import { z } from 'zod';
import { scoreSequence, sequenceFrames, sequenceOptions } from './_frame-sequence.ts';
import { densenet121Torch, densenet121Trunk } from './densenet121.ts';
import { imagenetRange, type Network } from './network.ts';

const options = z.strictObject(sequenceOptions);

export const densenet121Gru: Network<z.infer<typeof options>> = {
  name: 'densenet121-gru',
  title: 'DenseNet-121 + GRU',
  source: 'Sabir et al. 2019',
  tasks: ['cls'],
  inputSize: 224,
  sizes: { min: 32, step: 32 },
  frames: sequenceFrames,
  normalisation: imagenetRange,
  options,
  torch: densenet121Torch,
  build: (scope, frames, { units }) => scoreSequence(scope, frames, densenet121Trunk, units),
};
