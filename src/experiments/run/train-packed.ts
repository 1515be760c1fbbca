/** A run of a recipe whose files came from elsewhere: trained to its end, and packed. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { parseRecipe, resolveRecipe } from '../../train/recipe.ts';
import { continueRun, type RunEvent } from '../../train/run.ts';
import { writeJson } from '../../train/write-file.ts';
import { unpackGoingOn } from './going-on.ts';
import { PackInvalidError, packRun } from './pack.ts';

export interface PackedRun {
  /** Not yet checked; its paths start from `data`. */
  recipe: unknown;
  data: string;
  /** Folder that is not there yet; the run's own. */
  folder: string;
  /** Archive to be written. */
  tar: string;
  /** What {@link packGoingOn} left of the same run: it goes on from there. What is no such archive is passed over. */
  from?: string | undefined;
  onEvent(event: RunEvent): void;
}

/** @throws RECIPE_INVALID, and what `continueRun` throws */
export async function trainPacked({ recipe, data, folder, tar, from, onEvent }: PackedRun): Promise<void> {
  if (from !== undefined) {
    try {
      await unpackGoingOn(from, folder);
    } catch (error) {
      if (!(error instanceof PackInvalidError)) throw error;
      await rm(folder, { recursive: true, force: true });
    }
  }
  await writeJson(join(folder, 'recipe.json'), resolveRecipe(parseRecipe(recipe), data));
  await continueRun({ folder, onEvent });
  await packRun(folder, tar);
}
