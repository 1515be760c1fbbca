import { z } from 'zod';
import { type Photometric, probability, range } from './augmentation.ts';
import { grading, luma } from './colour-matrix.ts';

const parameters = z.strictObject({
  /** Chosen: as slight as the brightness. */
  factor: range(0, 4, [0.8, 1.2]),
  probability,
});

/** Stretches values about the picture's mean grey (001; torchvision's adjust_contrast). */
export const contrast: Photometric<z.output<typeof parameters>> = {
  name: 'contrast',
  parameters,
  draw({ factor: [low, high] }, random) {
    const factor = random.uniform(low, high);
    return (mean) => {
      const [r, g, b] = mean();
      const grey = luma[0] * r + luma[1] * g + luma[2] * b;
      return grading(factor, (1 - factor) * grey);
    };
  },
};
