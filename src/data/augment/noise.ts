import { z } from 'zod';
import { Random } from '../../base/random.ts';
import { type Pixelwise, probability, range } from './augmentation.ts';

const parameters = z.strictObject({
  /** Standard deviation in levels of 255; chosen: up to a phone's noise indoors. */
  deviation: range(0, 100, [0, 5]),
  probability,
});

/** Gaussian noise, independent for each channel of each pixel. */
export const noise: Pixelwise<z.output<typeof parameters>> = {
  name: 'noise',
  parameters,
  draw({ deviation: [low, high] }, random) {
    const deviation = random.uniform(low, high);
    let state = random.integer(1, 0x7fffffff);
    return (picture) => {
      if (deviation === 0) return picture;
      const data = new Uint8ClampedArray(picture.data.buffer, picture.data.byteOffset, picture.data.length);
      for (let i = 0; i < data.length; i++) {
        // Marsaglia's xorshift: 200,000 draws a picture through `Random.normal` would take longer than its JPEG.
        state ^= state << 13;
        state ^= state >>> 17;
        state ^= state << 5;
        data[i] += deviation * normals[state & 0xfff];
      }
      return picture;
    };
  },
};

/** 4,096 standard normal values, shifted and scaled to mean 0 and variance 1 exactly. */
const normals = (() => {
  const random = new Random(1, 'noise');
  const values = Float64Array.from({ length: 4096 }, () => random.normal());
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
  return values.map((value) => (value - mean) / Math.sqrt(variance));
})();
