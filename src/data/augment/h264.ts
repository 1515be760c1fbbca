import { z } from 'zod';
import type { Random } from '../../base/random.ts';
import type { Picture } from '../../media/types.ts';
import { warpPicture } from '../warp.ts';
import { type Pixelwise, probability, range } from './augmentation.ts';
import { compose, identityMap, type Projective } from './projective.ts';

const parameters = z.strictObject({
  /** x264's constant rate factor; FaceForensics++ has 23 and 40. */
  crf: range(0, 51, [18, 42]),
  /**
   * How many frames went before it, in which the picture drifts towards its place: x264 then predicts it from them.
   * 0, the default, is a key frame; nearly all frames of a video are not.
   */
  before: z
    .tuple([z.int().min(0).max(30), z.int().min(0).max(30)])
    .refine(([from, to]) => from <= to, 'the lower end comes first')
    .default([0, 0]),
  probability,
});

/** Largest steady drift from one frame to the next, chosen: a head that moves by a hundredth of its crop, hardly turning. */
const drift = { shift: 0.02, zoom: 0.004, radians: 0.006 };

/** H.264: smoothed blocks and lost chroma, as videos that were uploaded have them (000, 004). */
export const h264: Pixelwise<z.output<typeof parameters>> = {
  name: 'h264',
  parameters,
  draw({ crf: [low, high], before: [fewest, most] }, random) {
    const crf = Math.round(random.uniform(low, high));
    const places = path(random.integer(fewest, most), random);
    return async (picture) => {
      // Loads FFmpeg, which most recipes do without.
      const { recompressH264 } = await import('../../media/recompress.ts');
      return recompressH264(picture, crf, moved(picture, places));
    };
  },
};

/** Where the picture was in each earlier frame, the earliest first: a steady drift with a tremor. */
function path(count: number, random: Random): Projective[] {
  const draw = (size: number) => random.uniform(-size, size);
  const steady = {
    x: draw(drift.shift),
    y: draw(drift.shift),
    zoom: draw(drift.zoom),
    turn: draw(drift.radians),
  };
  const places: Projective[] = [];
  let place = identityMap;
  for (let k = 0; k < count; k++) {
    const angle = steady.turn + draw(drift.radians / 2);
    const scale = 1 + steady.zoom + draw(drift.zoom / 2);
    const [cos, sin] = [scale * Math.cos(angle), scale * Math.sin(angle)];
    const x = steady.x + draw(drift.shift / 4);
    const y = steady.y + draw(drift.shift / 4);
    place = compose(place, [cos, -sin, x, sin, cos, y, 0, 0, 1]);
    places.unshift(place);
  }
  return places;
}

const moved = (picture: Picture, places: readonly Projective[]): Picture[] =>
  places.map((place) => warpPicture(picture, picture, place, 'edge'));
