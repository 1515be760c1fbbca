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
  const noise = random.integer(0, 24);
  // sin(p + q) by its addition theorem: four sines a row and a column in place of three a pixel.
  const columns = waves.map((wave) => sines(width, (u) => 2 * Math.PI * wave.x * u));
  const rows = waves.map((wave) => sines(height, (v) => 2 * Math.PI * wave.y * v + wave.phase));
  for (let row = 0, to = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      const inside = Math.hypot(column / width - disc.x, row / height - disc.y) < disc.r ? 30 : 0;
      // One draw a pixel: its bytes are the three channels' noise.
      let bits = Math.floor(random.next() * 0x100_0000);
      for (let channel = 0; channel < 3; channel++, to++, bits >>= 8) {
        const [p, q] = [columns[channel], rows[channel]];
        const wave = p.sin[column] * q.cos[row] + p.cos[column] * q.sin[row];
        const grain = (((bits & 255) - 128) * noise) / 128;
        const value = Math.round(waves[channel].level + contrast * wave + inside + grain);
        data[to] = Math.max(0, Math.min(255, value));
      }
    }
  }
  return { width, height, data };
}

function sines(count: number, angle: (share: number) => number): { sin: Float64Array; cos: Float64Array } {
  const angles = Float64Array.from({ length: count }, (_, i) => angle(i / count));
  return { sin: angles.map(Math.sin), cos: angles.map(Math.cos) };
}
