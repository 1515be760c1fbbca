/**
 * Forgeries made while training: each epoch sees others. `expandReals` doubles real items into pairs for the batch
 * plan; the batch maker then draws one forgery for each picture, epoch and seed, of which the real item takes the
 * untouched side and the fake item the other, so that a pair shares its colours, its compression and its frame.
 */
import { z } from 'zod';
import { Random } from '../../base/random.ts';
import type { Mask } from '../../media/image.ts';
import type { Picture } from '../../media/types.ts';
import {
  drawKind,
  families,
  forgeryKinds,
  forgeryMixSchema,
  landmarkFault,
  makeForgery,
} from '../forgery/index.ts';
import type { Item } from '../manifest.ts';
import type { SourceItem } from '../source.ts';
import { readPoints } from './landmarks.ts';

/** What a recipe may ask for; families that need another person's face are made by `dataset synthesize` only. */
export const synthesizeSchema = z.strictObject({
  mix: forgeryMixSchema
    .refine(
      (mix) => forgeryKinds.every((kind) => !mix[kind] || families[kind].donor !== 'required'),
      'face-blend and face-swap need a donor: make them with `mesoscope dataset synthesize`',
    )
    .refine(
      (mix) => forgeryKinds.every((kind) => !mix[kind] || families[kind].label === 1),
      'hard negatives are no forgeries: make them with `mesoscope dataset synthesize`',
    )
    .default({ 'self-blend': 1 }),
});
export type Synthesize = z.output<typeof synthesizeSchema>;

const mark = '#forged';

/**
 * Real items and, after each, its forged twin. The twin's source is the picture itself, so that `paired` sampling puts
 * the two side by side; split before, by the true sources.
 */
export function expandReals(items: readonly Item[]): Item[] {
  return items
    .filter(({ label }) => label === 0)
    .flatMap((item): Item[] => [
      { ...item, sourceId: item.id },
      {
        ...item,
        id: item.id + mark,
        label: 1,
        method: 'synthesized',
        videoId: item.videoId + mark,
        sourceId: item.id,
      },
    ]);
}

export interface Forged {
  picture: Picture;
  mask: Mask | undefined;
}

/** The item's side of its pair in this epoch. Throws a text for the list of skipped pictures where there is no face. */
export async function forgeOnTheFly(
  folder: string,
  item: SourceItem,
  picture: Picture,
  { mix }: Synthesize,
  { seed, epoch }: { seed: number; epoch: number },
): Promise<Forged> {
  const points = await readPoints(folder, item);
  if (!points) throw new Error('it has no landmarks: prepare the set, or run `mesoscope dataset synthesize`');
  const fault = landmarkFault({ picture, points });
  if (fault !== undefined) throw new Error(fault);
  const id = item.id.endsWith(mark) ? item.id.slice(0, -mark.length) : item.id;
  const random = new Random(seed, 'synthesize', epoch, id);
  const kind = drawKind(mix, random);
  const pair = await makeForgery(kind, { picture, points }, random);
  if (item.label === 0) return { picture: pair.real, mask: undefined };
  return { picture: pair.fake, mask: pair.mask };
}
