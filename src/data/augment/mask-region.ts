import { z } from 'zod';
import { type Pixelwise, probability, range } from './augmentation.ts';

const parameters = z.strictObject({
  /** Blocks a picture, at most; chosen. */
  count: z.int().min(1).max(32).default(2),
  /** Sides of a block as shares of the picture's, drawn apart; chosen. */
  side: range(0, 1, [0.05, 0.25]),
  probability,
});

/** Replaces blocks by black (001 "replace portions of input images with empty blocks"). Masks keep the truth. */
export const maskRegion: Pixelwise<z.output<typeof parameters>> = {
  name: 'maskRegion',
  parameters,
  draw({ count, side: [low, high] }, random) {
    const blocks = Array.from({ length: random.integer(1, count) }, () => ({
      width: random.uniform(low, high),
      height: random.uniform(low, high),
      x: random.next(),
      y: random.next(),
    }));
    return (picture) => {
      for (const block of blocks) {
        const width = Math.round(block.width * picture.width);
        const height = Math.round(block.height * picture.height);
        const left = Math.floor(block.x * (picture.width - width + 1));
        const top = Math.floor(block.y * (picture.height - height + 1));
        for (let y = top; y < top + height; y++) {
          const from = (y * picture.width + left) * 3;
          picture.data.fill(0, from, from + width * 3);
        }
      }
      return picture;
    };
  },
};
