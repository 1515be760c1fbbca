import type { Random } from '../../../base/random.ts';
import { encodeJpeg, readPicture } from '../../../media/image.ts';
import type { Picture } from '../../../media/types.ts';
import { resize } from '../../resize.ts';
import { emptyMask } from '../blend.ts';
import { pixelate, sharpen } from '../sharpness.ts';
import type { Blended, Family, LandmarkedPicture } from '../types.ts';

const alterations = ['resampled', 'recompressed', 'pixelated', 'sharpened'] as const;

/**
 * Real pictures with what forgeries also have and what proves nothing: resampled, compressed twice, softer or sharper
 * than their class. The whole picture is altered, so there is no border to find; the label is real and the mask empty.
 * `fake` is the altered picture, `real` the one before.
 */
export const hardNegative: Family = {
  kind: 'hard-negative',
  label: 0,
  donor: 'none',
  async make({ picture }: LandmarkedPicture, random: Random): Promise<Blended> {
    const alteration = random.pick(alterations);
    const amount = random.next();
    const { altered, value } = await alter(picture, alteration, amount, random);
    return {
      real: picture,
      fake: altered,
      mask: emptyMask(picture.width, picture.height),
      ratio: 1,
      parameters: { alteration, value },
    };
  },
};

async function alter(
  picture: Picture,
  alteration: (typeof alterations)[number],
  amount: number,
  random: Random,
) {
  const { width, height } = picture;
  switch (alteration) {
    case 'resampled': {
      // Down to 0.4 of the size or up to 1.6, and back: both leave periodic traces (Popescu and Farid 2005).
      const value = 0.4 + 1.2 * amount;
      const middle = resize(
        picture,
        Math.max(8, Math.round(width * value)),
        Math.max(8, Math.round(height * value)),
      );
      return { altered: resize(middle, width, height), value };
    }
    case 'recompressed': {
      // Twice, the second time at another quality: coefficients are quantised on two combs.
      const value = Math.round(30 + 50 * amount);
      const once = await readPicture(await encodeJpeg(picture, value));
      return { altered: await readPicture(await encodeJpeg(once, random.integer(60, 95))), value };
    }
    case 'pixelated': {
      const value = amount < 0.5 ? 2 : 3;
      return { altered: pixelate(picture, value), value };
    }
    case 'sharpened': {
      const value = 0.1 + 0.3 * amount;
      return { altered: sharpen(picture, value), value };
    }
  }
}
