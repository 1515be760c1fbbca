/** One side of a recipe's split, for commands that must not see the others. */
import { resolve } from 'node:path';
import { type Command, Option } from 'commander';
import { errors } from '../base/errors.ts';
import { type Manifest, type SplitName, splitNames } from '../data/manifest.ts';
import type { SplitOptions } from '../data/split.ts';

export interface SideFlags {
  splitOf?: string;
  side: SplitName;
}

export function sideOptions(command: Command): Command {
  return command
    .option('--split-of <recipe>', 'only one side of the split that this recipe makes of the set')
    .addOption(
      new Option('--side <side>', 'with --split-of: which side').choices(splitNames).default('test'),
    );
}

/** The side's items; undefined without `--split-of`. Throws what reading the recipe or the set throws, DATA_EMPTY. */
export async function readNamedSide(
  data: string,
  { splitOf, side }: SideFlags,
): Promise<Manifest | undefined> {
  if (splitOf === undefined) return undefined;
  const { readRecipe } = await import('../train/recipe.ts');
  const { readSide } = await import('../train/data.ts');
  return readSide(await readRecipe(splitOf, { data: resolve(data) }), side);
}

/** How a recipe splits. Throws what reading it throws, and RECIPE_INVALID where it leaves that to the set. */
export async function splitOfRecipe(path: string): Promise<SplitOptions> {
  const { readRecipe } = await import('../train/recipe.ts');
  const { split } = (await readRecipe(path)).data;
  if (!split) throw errors.RECIPE_INVALID('data.split', `${path} does not say how to split`);
  return split;
}
