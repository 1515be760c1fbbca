import { z } from 'zod';
import type { Geometric } from './augmentation.ts';

const parameters = z.strictObject({
  /** Half of the pictures, as everywhere. */
  probability: z.number().min(0).max(1).default(0.5),
});

/** Mirrors left and right (000 §3.2; 001). */
export const flip: Geometric<z.output<typeof parameters>> = {
  name: 'flip',
  parameters,
  draw: () => [-1, 0, 0, 0, 1, 0, 0, 0, 1],
};
