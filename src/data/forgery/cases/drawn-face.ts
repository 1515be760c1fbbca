/** A drawn face for tests, where no photograph may be committed: detail everywhere, 68 points in their places. */
import { Random } from '../../../base/random.ts';
import { canonicalFace } from '../triangulation.ts';
import type { LandmarkedPicture } from '../types.ts';

/** Waves and noise in skin colours; the canonical face with 50 px between the eyes, its points a little moved. */
export function drawnFace(seed: number, width = 220, height = 240): LandmarkedPicture {
  const random = new Random(seed, 'drawn face');
  const data = new Uint8Array(width * height * 3);
  const [u, v] = [random.uniform(5, 11), random.uniform(5, 11)];
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < width; x++, at += 3) {
      const wave = 30 * Math.sin(x / u) * Math.cos(y / v) + random.uniform(-12, 12);
      data[at] = 170 + wave;
      data[at + 1] = 130 + wave;
      data[at + 2] = 110 + wave * 0.8;
    }
  }
  const points = canonicalFace.map(({ x, y }) => ({
    x: width / 2 + 50 * x + random.uniform(-1.5, 1.5),
    y: height * 0.42 + 50 * y + random.uniform(-1.5, 1.5),
  }));
  return { picture: { width, height, data }, points };
}
