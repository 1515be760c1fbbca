/**
 * Forgeries made while training: each epoch sees others. `expandReals` doubles real items into pairs for the batch
 * plan; the batch maker then draws one forgery for each picture, epoch and seed, of which the real item takes the
 * untouched side and the fake item the other, so that a pair shares its colours, its compression and its frame.
 */
import { z } from 'zod';
import type { Point } from '../../base/geometry.ts';
import { Random } from '../../base/random.ts';
import type { Mask } from '../../media/image.ts';
import type { Picture } from '../../media/types.ts';
import {
  drawKind,
  type ForgeryPair,
  families,
  forgeryKinds,
  forgeryMixSchema,
  landmarkFault,
  makeForgery,
} from '../forgery/index.ts';
import type { SourceItem } from '../source.ts';

/** What a recipe may ask for; families that need another person's face are made by `dataset synthesize` only. */
export const synthesizeSchema = z.strictObject({
  mix: forgeryMixSchema
    .refine(
      (mix) => forgeryKinds.every((kind) => !mix[kind] || families[kind].donor !== 'required'),
      'face-blend and face-swap need a donor: make them with `mesoscope dataset synthesize`',
    )
    .refine(
      (mix) => forgeryKinds.every((kind) => !mix[kind] || families[kind].label === 1),
      'hard negatives are no forgeries: hardNegatives says how often they are made',
    )
    .default({ 'self-blend': 1 })
    .describe('Kinds by weight: self-blend, autoencoder-texture, expression-warp, mouth-blend'),
  share: z
    .number()
    .gt(0)
    .max(1)
    .default(1)
    .describe("Of each batch, in whole pairs; the rest are the set's own items, drawn as sampling says"),
  hardNegatives: z
    .number()
    .min(0)
    .max(1)
    .default(0)
    .describe('How often a picture, real or forged, is resampled, recompressed or sharpened as a whole'),
  postProcess: z
    .boolean()
    .default(true)
    .describe(
      "SBI's colour changes and JPEG of both sides before they are cropped; false where `augment` makes its own",
    ),
  seed: z.int().nonnegative().optional().describe("The recipe's where absent"),
});
export type Synthesize = z.output<typeof synthesizeSchema>;

/** An item that is one side of a pair made on the fly. */
export interface PairItem extends SourceItem {
  /** Id of the real picture that both sides come from; absent on items that are what their file holds. */
  pairOf?: string | undefined;
}

const mark = '#forged';

/** One source: in a manifest `+` would join two. */
const pairSource = ({ id }: SourceItem) => id.replaceAll('+', ' ');

/**
 * Real items and, after each, its forged twin. The twin's source is the picture itself, so that `paired` sampling puts
 * the two side by side; split before, by the true sources.
 */
export function expandReals(items: readonly SourceItem[]): PairItem[] {
  return items
    .filter(({ label }) => label === 0)
    .flatMap((item): PairItem[] => [
      { ...item, sourceId: pairSource(item), pairOf: item.id },
      {
        ...item,
        id: item.id + mark,
        label: 1,
        method: 'synthesized',
        videoId: item.videoId + mark,
        sourceId: pairSource(item),
        pairOf: item.id,
      },
    ]);
}

export interface Forged {
  picture: Picture;
  mask: Mask | undefined;
}

/** Pairs of one batch in the making: the second side takes what the first has begun. */
export type PairsInHand = Map<string, Promise<ForgeryPair>>;

/** The item's side of its pair in this epoch. Throws a text for the list of skipped pictures where there is no face. */
export async function forgeOnTheFly(
  item: PairItem,
  { mix, hardNegatives, postProcess, seed: own }: Synthesize,
  { seed, epoch, inHand, read }: { seed: number; epoch: number; inHand: PairsInHand; read: ReadFace },
): Promise<Forged> {
  const id = item.pairOf ?? item.id;
  const randomOf = (use: string) => new Random(own ?? seed, use, epoch, id);
  const begun = inHand.get(id);
  const making = begun ?? read().then((face) => makeOne(mix, face, postProcess, randomOf('synthesize')));
  if (begun) inHand.delete(id);
  else inHand.set(id, making);
  const pair = await making;
  const side: Forged =
    item.label === 0 ? { picture: pair.real, mask: undefined } : { picture: pair.fake, mask: pair.mask };
  const random = randomOf(`hard-negative/${item.label}`);
  // Drawn for each side alone and alike often: such traces must tell nothing.
  if (!random.chance(hardNegatives)) return side;
  const altered = await families['hard-negative'].make(
    { picture: side.picture, points: pair.points },
    random,
  );
  return { ...side, picture: altered.fake };
}

type ReadFace = () => Promise<{ picture: Picture; points: readonly Point[] | undefined }>;

async function makeOne(
  mix: Synthesize['mix'],
  { picture, points }: Awaited<ReturnType<ReadFace>>,
  postProcess: boolean,
  random: Random,
): Promise<ForgeryPair> {
  if (!points) throw new Error('it has no landmarks: prepare the set, or run `mesoscope dataset synthesize`');
  const fault = landmarkFault({ picture, points });
  if (fault !== undefined) throw new Error(fault);
  return makeForgery(
    drawKind(mix, random),
    { picture, points },
    random,
    postProcess ? {} : { postProcess: false },
  );
}
