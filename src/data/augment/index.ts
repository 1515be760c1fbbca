/** The recipe's `augment` object, and its application to a picture and its mask. */
import { z } from 'zod';
import type { Random } from '../../base/random.ts';
import type { Picture } from '../../media/types.ts';
import { warpMask, warpPicture } from '../warp.ts';
import { blur } from './blur.ts';
import { brightness } from './brightness.ts';
import { channelShift } from './channel-shift.ts';
import { applyColour, composeColour, grading, meanColour, type Rgb, recolour } from './colour-matrix.ts';
import { contrast } from './contrast.ts';
import { downscale } from './downscale.ts';
import { flip } from './flip.ts';
import { h264 } from './h264.ts';
import { hue } from './hue.ts';
import { jpeg } from './jpeg.ts';
import { maskRegion } from './mask-region.ts';
import { noise } from './noise.ts';
import { perspective } from './perspective.ts';
import { compose, identityMap, type Projective } from './projective.ts';
import { rotation } from './rotation.ts';
import { saturation } from './saturation.ts';
import { shift } from './shift.ts';
import { zoom } from './zoom.ts';

/** All augmentations, in the order in which they are applied: seen by the lens, lit, then degraded on the way. */
export const augmentations = {
  geometric: [flip, zoom, rotation, shift, perspective],
  photometric: [brightness, contrast, saturation, hue, channelShift],
  pixelwise: [downscale, blur, noise, h264, jpeg, maskRegion],
} as const;

/** `{}` for an augmentation takes its defaults; one that is not named is not applied; unknown keys are errors. */
export const augmentSchema = z.strictObject({
  /** What a warp shows outside the picture. Keras's default, and so MesoNet's, is the edge. */
  fill: z.enum(['edge', 'zero']).default('edge'),
  flip: flip.parameters.optional(),
  zoom: zoom.parameters.optional(),
  rotation: rotation.parameters.optional(),
  shift: shift.parameters.optional(),
  perspective: perspective.parameters.optional(),
  brightness: brightness.parameters.optional(),
  contrast: contrast.parameters.optional(),
  saturation: saturation.parameters.optional(),
  hue: hue.parameters.optional(),
  channelShift: channelShift.parameters.optional(),
  downscale: downscale.parameters.optional(),
  blur: blur.parameters.optional(),
  noise: noise.parameters.optional(),
  h264: h264.parameters.optional(),
  jpeg: jpeg.parameters.optional(),
  maskRegion: maskRegion.parameters.optional(),
});
export type Augment = z.output<typeof augmentSchema>;

/** No augmentation: what validation and detection see. */
export const noAugment: Augment = { fill: 'edge' };

/**
 * MesoNet §3.2 names the kinds, not the ranges; these are those of public retrainings with Keras (the authors gave theirs in
 * DariusAf/MesoNet issue 4, which was not at hand: compare before reporting a reproduction).
 */
export const mesonetAugment: Augment = augmentSchema.parse({
  zoom: {},
  rotation: {},
  flip: {},
  brightness: {},
  channelShift: {},
});

export interface Augmented {
  /** RGB of the asked size. */
  picture: Picture;
  /** height x width, 0 to 1. */
  mask: Float32Array | undefined;
}

/**
 * Resizes and augments a picture and, by the same geometry, its mask (1 byte a pixel, any size, same view).
 * `randomOf(name)` gives each augmentation its own stream, so that switching one on leaves the others' draws alone.
 */
export async function augment(
  picture: Picture,
  mask: Picture | undefined,
  size: { width: number; height: number },
  recipe: Augment,
  randomOf: (name: string) => Random,
): Promise<Augmented> {
  const plan = drawPlan(recipe, randomOf);
  let out = warpPicture(picture, size, plan.map, recipe.fill);
  if (plan.colours.length > 0) {
    let colour = grading(1);
    let first: Rgb | undefined;
    for (const matrixOf of plan.colours) {
      const before = colour;
      const mean = () => {
        // Counted once, and only where contrast asks: it costs as much as the recolouring.
        first ??= meanColour(out.data);
        return applyColour(before, first);
      };
      colour = composeColour(matrixOf(mean), before);
    }
    recolour(out.data, colour);
  }
  for (const step of plan.steps) out = await step(out);
  return { picture: out, mask: mask && warpMask(mask, size, plan.map, recipe.fill) };
}

function drawPlan(recipe: Augment, randomOf: (name: string) => Random) {
  const draw = <P extends { probability: number }, D>(
    augmentation: { name: string; draw(parameters: P, random: Random): D },
    parameters: P | undefined,
  ): D[] => {
    if (!parameters) return [];
    const random = randomOf(augmentation.name);
    return random.chance(parameters.probability) ? [augmentation.draw(parameters, random)] : [];
  };
  const maps: Projective[] = [
    ...draw(flip, recipe.flip),
    ...draw(zoom, recipe.zoom),
    ...draw(rotation, recipe.rotation),
    ...draw(shift, recipe.shift),
    ...draw(perspective, recipe.perspective),
  ];
  return {
    map: maps.reduce(compose, identityMap),
    colours: [
      ...draw(brightness, recipe.brightness),
      ...draw(contrast, recipe.contrast),
      ...draw(saturation, recipe.saturation),
      ...draw(hue, recipe.hue),
      ...draw(channelShift, recipe.channelShift),
    ],
    steps: [
      ...draw(downscale, recipe.downscale),
      ...draw(blur, recipe.blur),
      ...draw(noise, recipe.noise),
      ...draw(h264, recipe.h264),
      ...draw(jpeg, recipe.jpeg),
      ...draw(maskRegion, recipe.maskRegion),
    ],
  };
}
