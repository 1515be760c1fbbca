/** How a recipe's lengths become steps. */
import type { ResolvedRecipe } from './recipe.ts';
import { learningRate, type ScheduleOptions } from './schedules.ts';

export interface Phase {
  /** First step of the phase, from 0, and the step after its last. */
  from: number;
  to: number;
  freeze: readonly string[];
  /** Learning rate of a step, counted over the run. */
  rate(step: number): number;
}

/**
 * The phases of a run (003 and 002 train in two: the new head first, then all). The optimiser starts anew with each,
 * as it does in the documents, where a model is compiled again.
 */
export function planPhases(recipe: ResolvedRecipe, stepsPerEpoch: number): Phase[] {
  const lengthOf = ({ steps, epochs }: { steps?: number | undefined; epochs?: number | undefined }) =>
    steps ?? (epochs ?? 0) * stepsPerEpoch;
  const parts: { steps: number; freeze: readonly string[]; schedule?: ScheduleOptions | undefined }[] =
    recipe.phases?.map(({ freeze, schedule, ...length }) => ({
      steps: lengthOf(length),
      freeze,
      schedule,
    })) ?? [{ steps: lengthOf(recipe), freeze: recipe.freeze }];
  const total = parts.reduce((sum, { steps }) => sum + steps, 0);
  let at = 0;
  return parts.map(({ steps, freeze, schedule }) => {
    const from = at;
    at += steps;
    const rate = (step: number) =>
      schedule
        ? learningRate(schedule, step - from, { steps, stepsPerEpoch })
        : learningRate(recipe.schedule, step, { steps: total, stepsPerEpoch });
    return { from, to: at, freeze: [...recipe.freeze, ...(recipe.phases ? freeze : [])], rate };
  });
}
