/** What a recipe reads, so that a run can be trained on another machine: files, and the recipe with their names there. */
import { existsSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { errors } from '../../base/errors.ts';
import { exclusionFile } from '../../data/exclusions.ts';
import { readFacesCsv } from '../../data/layouts/faces-csv.ts';
import { manifestPath } from '../../data/layouts/index.ts';
import { readManifest } from '../../data/manifest.ts';
import { splitShardPath } from '../../data/shards.ts';
import type { ResolvedRecipe } from '../../train/recipe.ts';
import { recipeOfRun } from '../../train/run.ts';

export interface RunInputs {
  /** Its paths are names of `files`. */
  recipe: ResolvedRecipe;
  /** By name, relative to the folder that they are to lie in; `path` is where each is here. */
  files: { name: string; path: string }[];
}

/** The set of a recipe, as files: its manifest and what that names, shards whole. */
export type SetFiles = Promise<{ manifest: string; files: RunInputs['files'] }>;

/**
 * @param folder the run's own, with its recipe
 * @param sets remembers what was read: runs of a sweep share their set
 * @throws RUN_MISSING, what reading the manifest throws; RECIPE_INVALID where the run would need a network
 */
export async function inputsOfRun(folder: string, sets: Map<string, SetFiles>): Promise<RunInputs> {
  const recipe = await recipeOfRun(folder);
  if (recipe.logging?.mlflow) {
    throw errors.RECIPE_INVALID('logging.mlflow', 'a run that a worker trains has no network');
  }
  const key = `${recipe.data.layout} ${recipe.data.path}`;
  const set = sets.get(key) ?? filesOfSet(recipe.data);
  sets.set(key, set);
  const { manifest, files } = await set;
  const weights = recipe.init && {
    name: `weights/${basename(recipe.init.weights)}`,
    path: recipe.init.weights,
  };
  return {
    recipe: {
      ...recipe,
      data: { ...recipe.data, path: manifest },
      ...(recipe.init && weights ? { init: { ...recipe.init, weights: weights.name } } : {}),
    },
    files: [...files, ...(weights ? [weights] : [])],
  };
}

async function filesOfSet({ layout, path }: ResolvedRecipe['data']): SetFiles {
  const read = layout === 'faces-csv' ? path : ((existsSync(path) ? manifestPath(path) : undefined) ?? path);
  const { items } = layout === 'faces-csv' ? await readFacesCsv(read) : await readManifest(read);
  const folder = dirname(read);
  const names = new Set([basename(read)]);
  if (existsSync(join(folder, exclusionFile))) names.add(exclusionFile);
  for (const { file, mask, landmarks } of items) {
    for (const name of [file, mask, landmarks]) {
      if (name !== undefined) names.add(splitShardPath(name)?.shard ?? name);
    }
  }
  return {
    manifest: `data/${basename(read)}`,
    files: [...names].map((name) => ({ name: `data/${name}`, path: join(folder, name) })),
  };
}
