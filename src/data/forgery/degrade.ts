/** How a source differs from its target before they are blended: colour, and one loss or excess of detail. */
import { boundsOf } from '../../base/geometry.ts';
import type { Random } from '../../base/random.ts';
import type { Picture } from '../../media/types.ts';
import { composeColour } from '../augment/colour-matrix.ts';
import { drawColour, recoloured } from './colour.ts';
import { pixelate, sharpen } from './sharpness.ts';
import type { LandmarkedPicture, Parameters } from './types.ts';

/** A face that keeps fewer pixels than this across is mush, and would give a forgery away at a glance. */
const leastKept = 24;

/**
 * SBI's transform of one of the two copies (field.md §4.4): RGB ±20 (p = .3), brightness and contrast ±.1, then either
 * half or a quarter of the pixels, or sharpening by .2 to .5. Its hue and saturation changes (±.3 of 180 or 255) round
 * to nothing and are left out.
 *
 * @param options.shift levels; less where the pasted part is so small that its colour alone would tell
 */
export function drawMismatch(
  { picture, points }: LandmarkedPicture,
  random: Random,
  { shift: most = 20 }: { shift?: number } = {},
): { picture: Picture; parameters: Parameters } {
  const shift = drawColour({ shift: most, saturation: 0, contrast: 0, probability: 0.3 }, random);
  const grade = drawColour({ shift: 0, saturation: 0, contrast: 0.1, probability: 1 }, random);
  const softer = random.chance(0.5);
  const factor = random.pick([2, 4]);
  const alpha = random.uniform(0.2, 0.5);
  const coloured = recoloured(picture, shift && grade ? composeColour(grade, shift) : grade);
  if (!softer) return { picture: sharpen(coloured, alpha), parameters: { sharpened: alpha } };
  const kept = boundsOf(points).width / factor;
  const used = kept < leastKept ? 2 : factor;
  return { picture: pixelate(coloured, used), parameters: { pixelated: used } };
}
