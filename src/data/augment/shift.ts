import { z } from 'zod';
import { type Geometric, probability } from './augmentation.ts';

const parameters = z.strictObject({
  /** Largest move to each side, as a share of the shorter side; chosen: about a detector's jitter of the face box. */
  share: z.number().min(0).max(1).default(0.05),
  probability,
});

/** Moves the picture across and down, independently. */
export const shift: Geometric<z.output<typeof parameters>> = {
  name: 'shift',
  parameters,
  draw({ share }, random) {
    // The shorter side is 2 units.
    return [1, 0, 2 * random.uniform(-share, share), 0, 1, 2 * random.uniform(-share, share), 0, 0, 1];
  },
};
