import { z } from 'zod';
import { type Geometric, probability } from './augmentation.ts';
import { fourPoints } from './projective.ts';

const parameters = z.strictObject({
  /** How far each corner may move inwards, as a share of half the side; chosen 0.2 (torchvision's default is 0.5). */
  distortion: z.number().min(0).max(0.9).default(0.2),
  probability,
});

const corners = [
  { x: -1, y: -1 },
  { x: 1, y: -1 },
  { x: 1, y: 1 },
  { x: -1, y: 1 },
];

/** Sees the picture from aside (001 "random perspective"): its corners land inside the output, as torchvision's do. */
export const perspective: Geometric<z.output<typeof parameters>> = {
  name: 'perspective',
  parameters,
  draw({ distortion }, random) {
    const moved = corners.map(({ x, y }) => ({
      x: x * (1 - random.uniform(0, distortion)),
      y: y * (1 - random.uniform(0, distortion)),
    }));
    return fourPoints(moved, corners);
  },
};
