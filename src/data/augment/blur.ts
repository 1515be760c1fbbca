import { z } from 'zod';
import { blurPicture } from '../../media/blur.ts';
import { type Pixelwise, probability, range } from './augmentation.ts';

const parameters = z.strictObject({
  /** Standard deviation in pixels of the network's input; chosen: up to slightly out of focus. */
  sigma: range(0, 20, [0, 1.5]),
  probability,
});

/** Gaussian blur. Below 0.3 px a neighbour weighs less than 1/255, and nothing is done. */
export const blur: Pixelwise<z.output<typeof parameters>> = {
  name: 'blur',
  parameters,
  draw({ sigma: [low, high] }, random) {
    const sigma = random.uniform(low, high);
    return (picture) => (sigma < 0.3 ? picture : blurPicture(picture, sigma));
  },
};
