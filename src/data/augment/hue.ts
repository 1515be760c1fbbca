import { z } from 'zod';
import { type Photometric, probability } from './augmentation.ts';

const parameters = z.strictObject({
  /** Largest turn of the colour circle to either side; chosen 10: "slight" (000 §3.2), skin stays skin. */
  degrees: z.number().min(0).max(180).default(10),
  probability,
});

/**
 * Turns the chroma plane of NTSC's YIQ (000 §3.2): luma and saturation stay, and the map is linear, unlike HSV's.
 */
export const hue: Photometric<z.output<typeof parameters>> = {
  name: 'hue',
  parameters,
  draw({ degrees }, random) {
    const angle = (random.uniform(-degrees, degrees) * Math.PI) / 180;
    const [c, s] = [Math.cos(angle), Math.sin(angle)];
    const row = ([i, q]: readonly [number, number]) => {
      // (I, Q) turned, then back to one channel: Y + i I' + q Q'.
      const [toI, toQ] = [i * c + q * s, q * c - i * s];
      return yiq[0].map((y, k) => y + toI * yiq[1][k] + toQ * yiq[2][k]);
    };
    const [r, g, b] = fromYiq.map(row);
    return () => [r[0], r[1], r[2], 0, g[0], g[1], g[2], 0, b[0], b[1], b[2], 0];
  },
};

/** Rows Y, I, Q from R, G, B. */
const yiq = [
  [0.299, 0.587, 0.114],
  [0.595716, -0.274453, -0.321263],
  [0.211456, -0.522591, 0.311135],
] as const;

/** Weights of I and Q in R, G and B. */
const fromYiq = [
  [0.9563, 0.621],
  [-0.2721, -0.6474],
  [-1.107, 1.7046],
] as const;
