import { z } from 'zod';
import { type Geometric, probability } from './augmentation.ts';

const parameters = z.strictObject({
  /** Largest angle to either side; 15 as public retrainings of MesoNet have it (Keras ImageDataGenerator). */
  degrees: z.number().min(0).max(180).default(15),
  probability,
});

/** Turns about the centre (000 §3.2; 001). */
export const rotation: Geometric<z.output<typeof parameters>> = {
  name: 'rotation',
  parameters,
  draw({ degrees }, random) {
    const angle = (random.uniform(-degrees, degrees) * Math.PI) / 180;
    const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
    return [cos, -sin, 0, sin, cos, 0, 0, 0, 1];
  },
};
