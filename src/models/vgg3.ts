/**
 * VGG3 ("Zooming into Face Forensics", Li et al. 2019, section 3.3): the first two convolutions of VGG16 and a 3x3
 * convolution as classifier, at 1/1 of the input's resolution.
 *
 * Expects 256 px crops of twice the face, ImageNet statistics. 39,297 trainable parameters (none published).
 * Published, FaceForensics++ raw, average over methods and pristine: as
 * segmenter mIoU .826 (table 3). Table 1 calls it Conv3 (accuracy .849 as cls, .989 as seg).
 * Deviations: the paper does not give the classifier's kernel; 3x3 as in its FN3. The map keeps the
 * network's resolution, and the mask is reduced to it. He start by fan-out, as torchvision's VGG.
 */
import { z } from 'zod';
import { pixelHead, pixelHeadOptions } from './_pixel-head.ts';
import { vggTorch, vggTrunk } from './_vgg.ts';
import { imagenetRange, type Network } from './network.ts';

const options = z.strictObject(pixelHeadOptions);

export const vgg3: Network<z.infer<typeof options>> = {
  name: 'vgg3',
  title: 'VGG3',
  source: 'Li et al. 2019 (Zooming into Face Forensics), 3.3',
  tasks: ['cls', 'seg'],
  inputSize: 256,
  sizes: { min: 32, step: 1 },
  normalisation: imagenetRange,
  options,
  torch: vggTorch,
  build: (scope, image, head) => pixelHead(scope, vggTrunk(scope, image, 2), head),
};
