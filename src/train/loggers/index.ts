/** All loggers that a recipe asks for, as one. */
import { join } from 'node:path';
import type { ResolvedRecipe } from '../recipe.ts';
import type { RunLogger } from './logger.ts';
import { openMlflow } from './mlflow.ts';
import { openTensorboard } from './tensorboard.ts';

/** @param from Steps that an earlier start has done. */
export function openLoggers(
  recipe: ResolvedRecipe,
  folder: string,
  from: number,
  warn: (message: string) => void,
): RunLogger {
  const { tensorboard, mlflow } = recipe.logging ?? {};
  const loggers: RunLogger[] = [];
  if (tensorboard) loggers.push(openTensorboard(join(folder, 'tensorboard'), from));
  if (mlflow) loggers.push(openMlflow(mlflow, recipe, folder, warn));
  return {
    log: (event) => {
      for (const logger of loggers) logger.log(event);
    },
    close: async (summary) => {
      await Promise.all(loggers.map((logger) => logger.close(summary)));
    },
  };
}
