/** Golden vectors: pictures made from a seed, and what the detector must answer to them. */
import { Random } from '../base/random.ts';
import type { Picture } from '../media/types.ts';

/** Agreement asked of another machine, thread count or execution provider. */
export const goldenTolerance = 1e-3;

/**
 * A picture that excites a network: smooth colour waves, one soft disc, pixel noise. Integer arithmetic on the
 * seed's stream and rounding to bytes make it the same everywhere.
 */
export function goldenPicture(seed: number, width: number, height: number): Picture {
  const random = new Random(seed, 'golden');
  const data = new Uint8Array(width * height * 3);
  const waves = [0, 1, 2].map(() => ({
    x: random.uniform(0, 4),
    y: random.uniform(0, 4),
    phase: random.uniform(0, 6.28),
    level: random.uniform(60, 190),
  }));
  const disc = { x: random.uniform(0.3, 0.7), y: random.uniform(0.3, 0.7), r: random.uniform(0.15, 0.35) };
  const contrast = random.uniform(10, 60);
  const noise = random.uniform(0, 24);
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      const u = column / width;
      const v = row / height;
      const inside = Math.hypot(u - disc.x, v - disc.y) < disc.r ? 30 : 0;
      for (const [channel, wave] of waves.entries()) {
        const smooth = wave.level + contrast * Math.sin(2 * Math.PI * (wave.x * u + wave.y * v) + wave.phase);
        const value = Math.round(smooth + inside + random.uniform(-noise, noise));
        data[(row * width + column) * 3 + channel] = Math.max(0, Math.min(255, value));
      }
    }
  }
  return { width, height, data };
}
