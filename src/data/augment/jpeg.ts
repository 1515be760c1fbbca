import { z } from 'zod';
import { encodeJpeg, readPicture } from '../../media/image.ts';
import { type Pixelwise, probability, range } from './augmentation.ts';

const parameters = z.strictObject({
  /** libjpeg quality, chroma 4:2:0; chosen: from what platforms re-encode at up to cameras. */
  quality: range(5, 100, [50, 95]),
  probability,
});

/** Writes and reads a JPEG: 8x8 blocks and lost chroma. Both through sharp: no time is lost in threads at this size. */
export const jpeg: Pixelwise<z.output<typeof parameters>> = {
  name: 'jpeg',
  parameters,
  draw({ quality: [low, high] }, random) {
    const quality = Math.round(random.uniform(low, high));
    return async (picture) => readPicture(await encodeJpeg(picture, quality));
  },
};
