/** What happens to both pictures of a pair alike, so that nothing but the forgery tells them apart. */
import type { Random } from '../../base/random.ts';
import { encodeJpeg, readPicture } from '../../media/image.ts';
import type { Picture } from '../../media/types.ts';
import { drawColour, recoloured } from './colour.ts';
import type { Parameters } from './types.ts';

/** Colour changes (RGB ±20, saturation, brightness and contrast ±.3, p = .3 each), JPEG 40 to 100, p = .5 (field.md §4.8). */
export interface PostProcess {
  shift: number;
  saturation: number;
  contrast: number;
  colourProbability: number;
  jpegQuality: readonly [low: number, high: number];
  jpegProbability: number;
}

export const pairPostProcess: PostProcess = {
  shift: 20,
  saturation: 0.3,
  contrast: 0.3,
  colourProbability: 0.3,
  jpegQuality: [40, 100],
  jpegProbability: 0.5,
};

/** Draws once and does the same to every picture. */
export async function postProcess(
  pictures: readonly Picture[],
  options: PostProcess,
  random: Random,
): Promise<{ pictures: Picture[]; parameters: Parameters }> {
  const { shift, saturation, contrast, colourProbability, jpegQuality, jpegProbability } = options;
  const matrix = drawColour({ shift, saturation, contrast, probability: colourProbability }, random);
  const quality = random.integer(...jpegQuality);
  const coded = random.chance(jpegProbability);
  const out: Picture[] = [];
  for (const picture of pictures) {
    const coloured = matrix ? recoloured(picture, matrix) : picture;
    out.push(coded ? await readPicture(await encodeJpeg(coloured, quality)) : coloured);
  }
  return { pictures: out, parameters: { recoloured: matrix !== undefined, ...(coded && { jpeg: quality }) } };
}
