import { z } from 'zod';
import { type Photometric, probability, range } from './augmentation.ts';
import { luma } from './colour-matrix.ts';

const parameters = z.strictObject({
  /** 0 is grey, 1 as it is; chosen. */
  factor: range(0, 4, [0.8, 1.2]),
  probability,
});

/** Moves colours away from their own grey, or towards it (001; torchvision's adjust_saturation). */
export const saturation: Photometric<z.output<typeof parameters>> = {
  name: 'saturation',
  parameters,
  draw({ factor: [low, high] }, random) {
    const s = random.uniform(low, high);
    const [r, g, b] = luma.map((weight) => (1 - s) * weight);
    return () => [r + s, g, b, 0, r, g + s, b, 0, r, g, b + s, 0];
  },
};
