/**
 * VGG5 ("Zooming into Face Forensics", Li et al. 2019, section 3.3): the first four convolutions of VGG16 and a 3x3
 * convolution as classifier, at 1/2 of the input's resolution.
 *
 * Expects 256 px crops of twice the face, ImageNet statistics. 261,313 trainable parameters (none published).
 * Published, FaceForensics++ raw, average over methods and pristine: as
 * segmenter accuracy .989, mIoU .925; as classifier .685 and .424 (tables 1 and 2, which also say VGG4).
 * Deviations: the paper does not give the classifier's kernel; 3x3 as in its FN3. The map keeps the
 * network's resolution, and the mask is reduced to it. He start by fan-out, as torchvision's VGG.
 */
import { z } from 'zod';
import { pixelHead, pixelHeadOptions } from './_pixel-head.ts';
import { vggTorch, vggTrunk } from './_vgg.ts';
import { imagenetRange, type Network } from './network.ts';

const options = z.strictObject(pixelHeadOptions);

export const vgg5: Network<z.infer<typeof options>> = {
  name: 'vgg5',
  title: 'VGG5',
  source: 'Li et al. 2019 (Zooming into Face Forensics), 3.3',
  tasks: ['cls', 'seg'],
  inputSize: 256,
  sizes: { min: 32, step: 2 },
  normalisation: imagenetRange,
  options,
  torch: vggTorch,
  build: (scope, image, head) => pixelHead(scope, vggTrunk(scope, image, 4), head),
};
