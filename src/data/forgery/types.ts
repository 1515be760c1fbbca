/** What a forgery is made from and what comes out. */
import type { Point } from '../../base/geometry.ts';
import type { Random } from '../../base/random.ts';
import type { Mask } from '../../media/image.ts';
import type { Picture } from '../../media/types.ts';
import type { Label } from '../manifest.ts';

/** A picture of a face with its 68 points in iBUG's order, in pixels of the picture; some may lie outside it. */
export interface LandmarkedPicture {
  readonly picture: Picture;
  readonly points: readonly Point[];
}

/** What was drawn for one forgery: plain JSON, for records. */
export type Parameters = Readonly<Record<string, string | number | boolean>>;

/**
 * What a family makes, before the pair is degraded alike:
 * `fake` = `real` + ratio mask / 255 (source - `real`), and `fake` = `real` wherever the mask is 0.
 */
export interface Blended {
  /** The untouched side: what was pasted into. Its colours may be shifted, so that they tell nothing. */
  real: Picture;
  fake: Picture;
  /** 0 pristine to 255 manipulated, of the picture's size; not scaled by `ratio`. */
  mask: Mask;
  /** Share of the pasted face where the mask is full, (0, 1]. */
  ratio: number;
  parameters: Parameters;
}

/** A real picture and a forgery of it that share everything but the forgery. */
export interface ForgeryPair extends Blended {
  kind: string;
  /** Of `fake`: 1, or 0 for hard negatives, which are altered and yet no forgery (their mask is empty). */
  label: Label;
  /** The source's points: no family moves them but for an expression. */
  points: readonly Point[];
}

/** One way to forge. All that is random comes from `random`, in an order that never depends on timing. */
export interface Family {
  readonly kind: string;
  readonly label: Label;
  /** Whether it needs another person's face, may use another frame of the same person, or takes none. */
  readonly donor: 'required' | 'optional' | 'none';
  make(source: LandmarkedPicture, random: Random, donor?: LandmarkedPicture): Blended | Promise<Blended>;
}
