/** A network's map against a mask: which pixel of the picture each pixel of the map stands for, and the counts. */
import { input } from '../graph/leaves.ts';
import type { Value } from '../graph/node.ts';
import { Scope } from '../graph/scope.ts';
import { countPixels, type PixelCounts } from '../metrics/segmentation.ts';
import type { Network, NetworkOutputs } from '../models/network.ts';
import { type PatchCentres, patchCentres } from './losses/patch-centres.ts';

/** Every pixel of a map that is as large as the picture stands for itself. */
const everyPixel: Pick<PatchCentres, 'stride' | 'first'> = { stride: [1, 1], first: [0, 0] };

export type MapCentres = Pick<PatchCentres, 'stride' | 'first'>;

/** Centres of a built network's map in an image of the given height and width. */
export function centresOf(
  { map, mapLogits }: Pick<NetworkOutputs, 'map' | 'mapLogits'>,
  image: Value,
  [height, width]: readonly [number, number],
): MapCentres {
  const sides = map?.type.shape.slice(1) ?? [];
  const whole = sides[0] === height && sides[1] === width;
  return whole || !mapLogits ? everyPixel : patchCentres(mapLogits, image);
}

/** The same from a network's name and options, for detectors. */
export function mapCentres(
  network: Network,
  options: Record<string, unknown>,
  size: readonly [height: number, width: number],
): MapCentres {
  const image = input('image', ['N', 3, size[0], size[1]]);
  return centresOf(
    network.build(Scope.root('inference'), image, network.options.parse(options)),
    image,
    size,
  );
}

/**
 * Counts one picture's map (0 to 1) against its mask (row by row, `maskWidth` wide, 0 to 1), at the pixels that the
 * map stands for; both are cut at 0.5.
 */
export function countMapPixels(
  { width, height, data }: { width: number; height: number; data: Float32Array },
  mask: Float32Array,
  maskWidth: number,
  { stride, first }: MapCentres,
): PixelCounts {
  const labels = new Float32Array(width * height);
  for (let row = 0; row < height; row++) {
    const y = first[0] + row * stride[0];
    for (let column = 0; column < width; column++) {
      labels[row * width + column] = mask[y * maskWidth + first[1] + column * stride[1]];
    }
  }
  return countPixels(labels, data);
}
