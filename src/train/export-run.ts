/** A detector from a run that has not ended, or from another of its checkpoints than the best. */
import { join } from 'node:path';
import { errors } from '../base/errors.ts';
import type { Tensor } from '../graph/tensor.ts';
import { readSafeTensors } from '../models/weights/safetensors.ts';
import { newestCheckpoint } from './checkpoint.ts';
import { loadData } from './data.ts';
import { exportDetector } from './export.ts';
import { allMetrics } from './metrics.ts';
import { openValidator, stepOptions } from './open-validator.ts';
import type { ResolvedRecipe } from './recipe.ts';
import { recipeOfRun } from './run.ts';
import { buildStep } from './step.ts';

export interface ExportedRun {
  bytes: Uint8Array;
  steps: number;
  /** On the validation split, with these weights. */
  validation: ReturnType<typeof allMetrics>;
}

/**
 * Validates the weights (their moving average, where the recipe has one) and writes their detector.
 * @param which `newest` checkpoint, or the `best` by the recipe's metric
 * @throws RUN_MISSING, RECIPE_INVALID where the recipe describes no detector, and what reading data and weights throws
 */
export async function exportRun(folder: string, which: 'newest' | 'best'): Promise<ExportedRun> {
  const recipe = await recipeOfRun(folder);
  if (!recipe.detector) throw errors.RECIPE_INVALID('detector', 'the recipe does not describe one');
  const { weights, steps } = await weightsOf(folder, recipe, which);
  const { validation, source } = await loadData(recipe, {
    cache: join(folder, 'landmarks.json'),
    threads: recipe.threads,
  });
  const { masks } = buildStep(stepOptions(recipe, []));
  const validator = await openValidator(recipe, { folder: source.folder, items: validation, masks });
  try {
    const evaluated = await validator.evaluate(weights);
    const bytes = await exportDetector({ recipe, weights, validation: evaluated, steps });
    return { bytes, steps, validation: allMetrics(evaluated) };
  } finally {
    await validator.dispose();
  }
}

async function weightsOf(
  folder: string,
  recipe: ResolvedRecipe,
  which: 'newest' | 'best',
): Promise<{ weights: ReadonlyMap<string, Tensor>; steps: number }> {
  const checkpoints = join(folder, 'checkpoints');
  if (which === 'best') {
    const path = join(checkpoints, 'best.safetensors');
    const { tensors, metadata } = await readSafeTensors(path);
    return { weights: tensors, steps: Number(metadata.step) };
  }
  const newest = await newestCheckpoint(checkpoints);
  if (!newest) throw errors.RUN_MISSING(folder, 'it has no checkpoint yet');
  const paths = buildStep(stepOptions(recipe, [])).parameters.map(({ path }) => path);
  return {
    weights: new Map(
      paths.map((path) => [path, (newest.tensors.get(`ema/${path}`) ?? newest.tensors.get(path)) as Tensor]),
    ),
    steps: newest.progress.step,
  };
}
