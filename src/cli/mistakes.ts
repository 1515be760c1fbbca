/** The pictures that a detector got most wrong, as the detector saw them. */
import { join } from 'node:path';
import type { Item } from '../data/manifest.ts';
import { readThrough } from '../data/shards.ts';
import type { Detector } from '../detect/detector.ts';
import { type ScoredClip, worstFirst } from '../experiments/score-clips.ts';
import { encodeJpeg, readPicture, resizePicture } from '../media/image.ts';
import type { Picture } from '../media/types.ts';
import { overlay } from '../report/crops.ts';
import type { EvaluationPage, Mistake } from '../report/evaluation.ts';

interface Score {
  id: string;
  label: 0 | 1;
  method: string;
  score: number;
}

/** Of each class. */
export const mostMistakes = 12;

/** The real pictures with the highest and the manipulated ones with the lowest scores, with the detector's maps. */
export async function worstMistakes(
  scores: readonly Score[],
  { folder, items }: { folder: string; items: readonly Item[] },
  detector: Detector,
): Promise<EvaluationPage['mistakes']> {
  const files = new Map(items.map((item) => [item.id, item.file]));
  const { width, height } = detector.contract.input;
  const draw = async (score: Score): Promise<Mistake> => {
    const picture = await readPicture(await readThrough(join(folder, files.get(score.id) ?? '')));
    const small = await resizePicture(picture, width, height, 'linear');
    const { maps } = await detector.score([small]);
    return mistakeOf(score, small, maps?.[0]);
  };
  const drawAll = async (worst: readonly Score[]) => {
    const out: Mistake[] = [];
    // One after the other: a session answers one question at a time.
    for (const score of worst) out.push(await draw(score));
    return out;
  };
  const real = scores.filter(({ label }) => label === 0).toSorted((a, b) => b.score - a.score);
  const manipulated = scores.filter(({ label }) => label === 1).toSorted((a, b) => a.score - b.score);
  return {
    falseAlarms: await drawAll(real.slice(0, mostMistakes)),
    misses: await drawAll(manipulated.slice(0, mostMistakes)),
  };
}

/** The same of whole clips, each by its most suspicious face. */
export async function worstClips(clips: readonly ScoredClip[]): Promise<EvaluationPage['mistakes']> {
  const of = (label: 0 | 1) =>
    Promise.all(
      worstFirst(
        clips.filter(({ item }) => item.label === label),
        label,
      ).flatMap(({ item, score, face }) =>
        face && score !== undefined
          ? [mistakeOf({ id: item.id, label, method: item.method, score }, face.crop, face.map)]
          : [],
      ),
    );
  return { falseAlarms: await of(0), misses: await of(1) };
}

async function mistakeOf(
  { id, label, method, score }: Score,
  crop: Picture,
  map: { width: number; height: number; data: Float32Array } | undefined,
): Promise<Mistake> {
  return {
    ...{ id, label, method, score },
    picture: await dataUrl(crop),
    ...(map ? { map: await dataUrl(overlay(crop, map)) } : {}),
  };
}

async function dataUrl(picture: Picture): Promise<string> {
  return `data:image/jpeg;base64,${Buffer.from(await encodeJpeg(picture, 82)).toString('base64')}`;
}
