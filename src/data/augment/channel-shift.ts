import { z } from 'zod';
import { type Photometric, probability } from './augmentation.ts';
import { grading } from './colour-matrix.ts';

const parameters = z.strictObject({
  /** Largest offset, in levels of 255; 30 as public retrainings of MesoNet have it (Keras ImageDataGenerator). */
  levels: z.number().min(0).max(255).default(30),
  probability,
});

/** Adds one offset to all channels: Keras's channel_shift, the nearest thing in its generator to the hue change of 000 §3.2. */
export const channelShift: Photometric<z.output<typeof parameters>> = {
  name: 'channelShift',
  parameters,
  draw({ levels }, random) {
    const matrix = grading(1, random.uniform(-levels, levels));
    return () => matrix;
  },
};
