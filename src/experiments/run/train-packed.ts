/** A run of a recipe whose files came from elsewhere: trained to its end, and packed. */
import { parseRecipe, resolveRecipe } from '../../train/recipe.ts';
import { type RunEvent, startRun } from '../../train/run.ts';
import { packRun } from './pack.ts';

export interface PackedRun {
  /** Not yet checked; its paths start from `data`. */
  recipe: unknown;
  data: string;
  /** Folder that is not there yet; the run's own. */
  folder: string;
  /** Archive to be written. */
  tar: string;
  onEvent(event: RunEvent): void;
}

/** @throws RECIPE_INVALID, and what `startRun` throws */
export async function trainPacked({ recipe, data, folder, tar, onEvent }: PackedRun): Promise<void> {
  await startRun(resolveRecipe(parseRecipe(recipe), data), { folder, onEvent });
  await packRun(folder, tar);
}
