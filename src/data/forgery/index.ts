/** Pseudo-forgeries from real faces: the catalogue of families, and the one function that makes a pair. */
import { z } from 'zod';
import type { Random } from '../../base/random.ts';
import { landmarkFault } from './face-points.ts';
import { autoencoderTexture } from './families/autoencoder-texture.ts';
import { expressionWarp } from './families/expression-warp.ts';
import { faceBlend } from './families/face-blend.ts';
import { faceSwap } from './families/face-swap.ts';
import { hardNegative } from './families/hard-negative.ts';
import { mouthBlend } from './families/mouth-blend.ts';
import { selfBlend } from './families/self-blend.ts';
import { type PostProcess, pairPostProcess, postProcess } from './post-process.ts';
import type { Family, ForgeryPair, LandmarkedPicture } from './types.ts';

export { boundaryOf } from './blend.ts';
export { type DonorCandidate, nearestDonor, shapeDistance, shapeOf } from './donor.ts';
export { landmarkFault } from './face-points.ts';
export { type PostProcess, pairPostProcess } from './post-process.ts';
export type { Family, ForgeryPair, LandmarkedPicture, Parameters } from './types.ts';

export const families = {
  'self-blend': selfBlend,
  'face-blend': faceBlend,
  'face-swap': faceSwap,
  'autoencoder-texture': autoencoderTexture,
  'expression-warp': expressionWarp,
  'mouth-blend': mouthBlend,
  'hard-negative': hardNegative,
} as const satisfies Record<string, Family>;

export type ForgeryKind = keyof typeof families;
export const forgeryKinds = Object.keys(families) as ForgeryKind[];

/** How often each family is made, by weight; one that is not named is never made. At least one weight is positive. */
export const forgeryMixSchema = z
  .partialRecord(z.enum(forgeryKinds), z.number().nonnegative())
  .refine((mix) => Object.values(mix).some((weight) => weight > 0), 'at least one weight must be positive');
export type ForgeryMix = z.output<typeof forgeryMixSchema>;

/** Draws a kind by the mix's weights. Takes one draw. */
export function drawKind(mix: ForgeryMix, random: Random): ForgeryKind {
  const total = forgeryKinds.reduce((sum, kind) => sum + (mix[kind] ?? 0), 0);
  let at = random.next() * total;
  for (const kind of forgeryKinds) {
    at -= mix[kind] ?? 0;
    if (at < 0) return kind;
  }
  throw new Error('a forgery mix without a positive weight');
}

export interface ForgeryOptions {
  /** The other face, of another person (`face-blend`, `face-swap`) or another frame of the same (`mouth-blend`). */
  donor?: LandmarkedPicture | undefined;
  /** What happens to both pictures alike; SBI's by default, `false` for nothing. */
  postProcess?: PostProcess | false | undefined;
}

/**
 * Makes one pair. The same arguments and random state give the same bytes, on any thread.
 *
 * Crop loosely first: everything but the mask works on the whole picture. The detector's own crop comes after, for
 * both pictures and the mask alike. Throws where `landmarkFault` names a fault, or a required donor is absent: ask
 * first.
 */
export async function makeForgery(
  kind: ForgeryKind,
  source: LandmarkedPicture,
  random: Random,
  { donor, postProcess: options = pairPostProcess }: ForgeryOptions = {},
): Promise<ForgeryPair> {
  const family: Family = families[kind];
  for (const face of donor && family.donor !== 'none' ? [source, donor] : [source]) {
    const fault = landmarkFault(face);
    if (fault !== undefined) throw new Error(`no ${kind} of such a picture: ${fault}`);
  }
  const made = await family.make(source, random, donor);
  const { pictures, parameters } =
    options === false
      ? { pictures: [made.real, made.fake], parameters: {} }
      : await postProcess([made.real, made.fake], options, random);
  // Later steps may write into what they are given; the source stays the caller's.
  const [real, fake] = pictures.map((picture) =>
    picture.data === source.picture.data ? { ...picture, data: picture.data.slice() } : picture,
  );
  return {
    ...made,
    real,
    fake,
    kind,
    label: family.label,
    points: source.points,
    parameters: { ...made.parameters, ...parameters },
  };
}
