import { z } from 'zod';
import { type Pixelwise, probability, range } from './augmentation.ts';

const parameters = z.strictObject({
  /** x264's constant rate factor; FaceForensics++ has 23 and 40. */
  crf: range(0, 51, [18, 42]),
  probability,
});

/** A key frame of H.264: smoothed blocks and lost chroma, as videos that were uploaded have them (000, 004). */
export const h264: Pixelwise<z.output<typeof parameters>> = {
  name: 'h264',
  parameters,
  draw({ crf: [low, high] }, random) {
    const crf = Math.round(random.uniform(low, high));
    return async (picture) => {
      // Loads FFmpeg, which most recipes do without.
      const { recompressH264 } = await import('../../media/recompress.ts');
      return recompressH264(picture, crf);
    };
  },
};
