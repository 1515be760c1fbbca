/** The validator of a recipe: what a run opens, and whoever looks at one of its checkpoints later. */
import type { PairItem } from '../data/synthesize/on-the-fly.ts';
import { ignoresUnmasked } from './losses/index.ts';
import { networkOf, type ResolvedRecipe } from './recipe.ts';
import type { StepOptions } from './step.ts';
import { Validator } from './validator.ts';

/** The training step that a recipe asks for. @param freeze layers that the phase does not move */
export function stepOptions(recipe: ResolvedRecipe, freeze: readonly string[]): StepOptions {
  return {
    network: networkOf(recipe),
    options: recipe.network.options,
    batchSize: recipe.batchSize,
    size: recipe.size,
    loss: recipe.loss,
    optimiser: recipe.optimiser,
    clip: recipe.clip,
    freeze,
    ema: recipe.ema,
    sampleWeights: recipe.classWeights !== undefined,
  };
}

/** What training and validation pictures have in common. @param masks whether the loss wants them */
export function pictureOptions(recipe: ResolvedRecipe, folder: string, masks: boolean) {
  return {
    folder,
    size: { width: recipe.size, height: recipe.size },
    normalisation: networkOf(recipe).normalisation,
    seed: recipe.seed,
    masks,
    unknownMasks: ignoresUnmasked(recipe.loss),
    synthesize: recipe.data.synthesize,
    workers: recipe.workers,
    prefetch: recipe.prefetch,
  };
}

export function openValidator(
  recipe: ResolvedRecipe,
  { folder, items, masks }: { folder: string; items: readonly PairItem[]; masks: boolean },
): Promise<Validator> {
  return Validator.open({
    network: networkOf(recipe),
    options: recipe.network.options,
    size: recipe.size,
    session: { device: recipe.device, threads: recipe.threads },
    pipeline: {
      ...pictureOptions(recipe, folder, masks),
      items,
      batchSize: recipe.validation.batchSize,
      augment: { fill: 'edge' },
      augmentBy: 'item',
    },
  });
}
