import { z } from 'zod';
import { type Photometric, probability, range } from './augmentation.ts';
import { grading } from './colour-matrix.ts';

const parameters = z.strictObject({
  /** [0.8, 1.2] as public retrainings of MesoNet have it (Keras ImageDataGenerator). */
  factor: range(0, 4, [0.8, 1.2]),
  probability,
});

/** Multiplies all channels (000 §3.2; 001). */
export const brightness: Photometric<z.output<typeof parameters>> = {
  name: 'brightness',
  parameters,
  draw({ factor: [low, high] }, random) {
    const matrix = grading(random.uniform(low, high));
    return () => matrix;
  },
};
