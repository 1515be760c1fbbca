/** What an augmentation is: checked parameters, and a draw from them. */
import { z } from 'zod';
import type { Random } from '../../base/random.ts';
import type { Picture } from '../../media/types.ts';
import type { ColourMatrix, Rgb } from './colour-matrix.ts';
import type { Projective } from './projective.ts';

interface Augmentation<Parameters, Drawn> {
  readonly name: string;
  readonly parameters: z.ZodType<Parameters>;
  /** One realisation; all that is random comes from `random`, which belongs to this augmentation and item alone. */
  draw(parameters: Parameters, random: Random): Drawn;
}

/** Moves pixels: a map from output to source, composed with the others into one warp, for picture and mask alike. */
export type Geometric<P> = Augmentation<P, Projective>;

/** Changes colours linearly; may ask for the mean colour of the picture that reaches it. */
export type Photometric<P> = Augmentation<P, (mean: () => Rgb) => ColourMatrix>;

/** Changes pixels of the warped picture, which it may overwrite; the size stays. */
export type Pixelwise<P> = Augmentation<P, (picture: Picture) => Picture | Promise<Picture>>;

/** Chance that the augmentation is applied to a picture at all; default 1. */
export const probability = z.number().min(0).max(1).default(1);

/** [low, high] within given bounds, both included. */
export function range(low: number, high: number, initial: [number, number]) {
  const value = z.number().min(low).max(high);
  return z
    .tuple([value, value])
    .refine(([from, to]) => from <= to, 'the lower end comes first')
    .default(initial);
}
