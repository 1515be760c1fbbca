/**
 * VGG8 ("Zooming into Face Forensics", Li et al. 2019, section 3.3): the first seven convolutions of VGG16 and a 3x3
 * convolution as classifier, at 1/4 of the input's resolution.
 *
 * Expects 256 px crops of twice the face, ImageNet statistics. 1,737,793 trainable parameters (none published).
 * Published, FaceForensics++ raw, average over methods and pristine: as
 * segmenter accuracy .988, mIoU .919; as classifier .596 and .344 (tables 1 and 2, which also say VGG7).
 * Deviations: the paper does not give the classifier's kernel; 3x3 as in its FN3. The map keeps the
 * network's resolution, and the mask is reduced to it. He start by fan-out, as torchvision's VGG.
 */
import { z } from 'zod';
import { pixelHead, pixelHeadOptions } from './_pixel-head.ts';
import { vggTorch, vggTrunk } from './_vgg.ts';
import { imagenetRange, type Network } from './network.ts';

const options = z.strictObject(pixelHeadOptions);

export const vgg8: Network<z.infer<typeof options>> = {
  name: 'vgg8',
  title: 'VGG8',
  source: 'Li et al. 2019 (Zooming into Face Forensics), 3.3',
  tasks: ['cls', 'seg'],
  inputSize: 256,
  sizes: { min: 32, step: 4 },
  normalisation: imagenetRange,
  options,
  torch: vggTorch,
  build: (scope, image, head) => pixelHead(scope, vggTrunk(scope, image, 7), head),
};
