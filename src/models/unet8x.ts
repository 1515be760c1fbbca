/**
 * UNet 8x ("Zooming into Face Forensics", Li et al. 2019, section 3.3; Ronneberger et al. 2015): down-sampled three times,
 * with skips, at the input's own resolution.
 *
 * Expects 256 px crops of twice the face in [-1, 1]. 7,700,161 trainable parameters (none published). Published,
 * FaceForensics++ raw: as segmenter accuracy .922, mIoU .786; as classifier .505 and .415 (tables 1
 * and 2).
 * Deviations: the paper names no widths; Ronneberger's 64 filters on the top level. As classifier the same
 * network's pixel logits are averaged.
 */
import { z } from 'zod';
import { pixelHead, pixelHeadOptions } from './_pixel-head.ts';
import { unetTrunk } from './_unet.ts';
import { centredRange, type Network } from './network.ts';

const options = z.strictObject({
  ...pixelHeadOptions,
  /** Filters on the top level; each level below has twice as many. */
  width: z.int().min(4).max(128).default(64),
});

export const unet8x: Network<z.infer<typeof options>> = {
  name: 'unet8x',
  title: 'UNet 8x',
  source: 'Li et al. 2019 (Zooming into Face Forensics), 3.3; Ronneberger et al. 2015',
  tasks: ['cls', 'seg'],
  inputSize: 256,
  sizes: { min: 32, step: 8 },
  normalisation: centredRange,
  options,
  build: (scope, image, { width, ...head }) =>
    pixelHead(scope, unetTrunk(scope, image, 3, width), head, { kernel: 1 }),
};
