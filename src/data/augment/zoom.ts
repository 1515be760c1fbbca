import { z } from 'zod';
import { type Geometric, probability, range } from './augmentation.ts';

const parameters = z.strictObject({
  /** Magnification; [0.8, 1.2] as public retrainings of MesoNet have it (Keras ImageDataGenerator) (zoom_range 0.2). */
  factor: range(0.2, 5, [0.8, 1.2]),
  probability,
});

/** Enlarges about the centre (000 §3.2; 001 "scaling"), both axes alike. */
export const zoom: Geometric<z.output<typeof parameters>> = {
  name: 'zoom',
  parameters,
  draw({ factor: [low, high] }, random) {
    const factor = random.uniform(low, high);
    return [1 / factor, 0, 0, 0, 1 / factor, 0, 0, 0, 1];
  },
};
