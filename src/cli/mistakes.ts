/** The pictures that a detector got most wrong, as the detector saw them. */
import { join } from 'node:path';
import type { Item } from '../data/manifest.ts';
import { readThrough } from '../data/shards.ts';
import { encodeJpeg, readPicture, resizePicture } from '../media/image.ts';
import type { EvaluationPage, Mistake } from '../report/evaluation.ts';

interface Score {
  id: string;
  label: 0 | 1;
  method: string;
  score: number;
}

/** The real pictures with the highest and the manipulated ones with the lowest scores, `count` of each. */
export async function worstMistakes(
  scores: readonly Score[],
  { folder, items }: { folder: string; items: readonly Item[] },
  size: { width: number; height: number },
  count = 12,
): Promise<EvaluationPage['mistakes']> {
  const files = new Map(items.map((item) => [item.id, item.file]));
  const draw = async (score: Score): Promise<Mistake> => {
    const picture = await readPicture(await readThrough(join(folder, files.get(score.id) ?? '')));
    const small = await resizePicture(picture, size.width, size.height, 'linear');
    const bytes = await encodeJpeg(small, 82);
    return { ...score, picture: `data:image/jpeg;base64,${Buffer.from(bytes).toString('base64')}` };
  };
  const real = scores.filter(({ label }) => label === 0).toSorted((a, b) => b.score - a.score);
  const manipulated = scores.filter(({ label }) => label === 1).toSorted((a, b) => a.score - b.score);
  return {
    falseAlarms: await Promise.all(real.slice(0, count).map(draw)),
    misses: await Promise.all(manipulated.slice(0, count).map(draw)),
  };
}
