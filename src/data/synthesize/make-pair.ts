/** A picture and its forgery, cut alike. */
import { boundsOf, centre, type Point } from '../../base/geometry.ts';
import type { Random } from '../../base/random.ts';
import { type Affine, squareMatrix, warpAffine } from '../../faces/warp.ts';
import type { Mask } from '../../media/image.ts';
import type { Picture } from '../../media/types.ts';
import { type ForgeryKind, type LandmarkedPicture, makeForgery } from '../forgery/index.ts';

export interface Pair {
  real: Picture;
  fake: Picture;
  mask: Mask;
  label: 0 | 1;
  points: readonly Point[];
  parameters: Readonly<Record<string, string | number | boolean>>;
}

/** The square that both are cut to: `scale` times the longest side of the 68 points' box, as `size` pixels. */
export interface PairCrop {
  scale: number;
  size: number;
}

export async function makePair(
  kind: ForgeryKind,
  source: LandmarkedPicture,
  random: Random,
  donor: LandmarkedPicture | undefined,
  crop: PairCrop | undefined,
  /** Colour changes and JPEG on both sides alike; without them a forgery's traces are as it left them. */
  post = true,
): Promise<Pair> {
  const { real, fake, mask, label, points, parameters } = await makeForgery(kind, source, random, {
    donor,
    ...(post ? {} : { postProcess: false }),
  });
  if (!crop) return { real, fake, mask, label, points, parameters };
  const box = boundsOf(source.points);
  const side = Math.max(box.width, box.height) * crop.scale;
  const { x, y } = centre(box);
  const matrix: Affine = squareMatrix({ x, y }, side, 0, crop.size);
  const cut = (picture: Picture) => warpAffine(picture, matrix, crop.size, crop.size, { fill: 'edge' });
  const step = side / crop.size;
  return {
    real: cut(real),
    fake: cut(fake),
    mask: cutMask(mask, matrix, crop.size),
    label,
    points: points.map((point) => ({
      x: (point.x - x + side / 2) / step,
      y: (point.y - y + side / 2) / step,
    })),
    parameters,
  };
}

function cutMask({ width, height, data }: Mask, matrix: Affine, size: number): Mask {
  const three = new Uint8Array(data.length * 3);
  for (const [i, value] of data.entries()) three.fill(value, 3 * i, 3 * i + 3);
  // Outside the picture nothing was manipulated.
  const cut = warpAffine({ width, height, data: three }, matrix, size, size, { fill: 0 });
  return {
    width: size,
    height: size,
    data: Uint8Array.from({ length: size * size }, (_, i) => cut.data[3 * i]),
  };
}
