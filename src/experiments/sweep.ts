/** Random search: many runs of one recipe, drawn from ranges, several at once, resumable. */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe } from '../base/errors.ts';
import { isBetter, type MetricName } from '../train/metrics.ts';
import type { RunEvent, RunSummary } from '../train/run.ts';
import { writeJson } from '../train/write-file.ts';
import { type RunFailure, type RunOutcome, trainInProcess } from './run/process.ts';
import { type Draw, drawRun, recipeOfDraw, runName, type Sweep } from './sweep-file.ts';

export type { RunEvent };

export interface SweptRun extends Draw {
  folder: string;
  status: RunSummary['status'] | 'failed' | 'waiting';
  steps: number;
  metric: MetricName | null;
  best: number | null;
  validation: RunSummary['validation'];
  failure?: RunFailure;
}

export interface SweepOptions {
  out: string;
  onBegin?(state: { done: number; total: number }): void;
  onEvent?(run: number, event: RunEvent): void;
  onRun?(run: SweptRun, done: number): void;
  signal?: AbortSignal;
  /** Runs at once, where not the sweep says it. */
  lanes?: number;
  /** Another way to train a run's folder; a process a run by default. */
  train?: (folder: string, options: Parameters<typeof trainInProcess>[1]) => Promise<RunOutcome>;
}

/**
 * Trains what is not yet finished or failed, and returns all runs. A run whose values no recipe allows, or that
 * breaks, is recorded as failed in its folder (`failed.json`) and the others go on. Aborted, it leaves checkpoints;
 * the same call goes on after them.
 * @throws RECIPE_INVALID where the first run's recipe is wrong already; OUTPUT_UNWRITABLE
 */
export async function sweep(
  file: Sweep,
  { out, onBegin, onEvent, onRun, signal, lanes = file.parallel, train = trainInProcess }: SweepOptions,
): Promise<SweptRun[]> {
  recipeOfDraw(file, drawRun(file, 0));
  await writeJson(join(out, 'sweep.json'), file);
  const runs = await Promise.all(Array.from({ length: file.runs }, (_, k) => stateOf(file, out, k)));
  const waiting = runs.filter(({ status }) => status === 'waiting' || status === 'interrupted');
  let done = runs.length - waiting.length;
  onBegin?.({ done, total: runs.length });
  const queue = waiting.values();
  const lane = async () => {
    for (const run of queue) {
      if (signal?.aborted) return;
      const after = await trainOne(file, run, signal, (folder) =>
        train(folder, {
          ...(signal ? { signal } : {}),
          onEvent: (event) => onEvent?.(run.run, event),
        }),
      );
      runs[run.run] = after;
      if (after.status !== 'interrupted') onRun?.(after, ++done);
    }
  };
  await Promise.all(Array.from({ length: Math.min(lanes, waiting.length) }, lane));
  return runs;
}

/** Runs that have a figure, the best first, whichever way their metric is better. */
export function ranked(runs: readonly SweptRun[]): (SweptRun & { best: number; metric: MetricName })[] {
  return runs
    .filter(
      (run): run is SweptRun & { best: number; metric: MetricName } =>
        run.best !== null && run.metric !== null,
    )
    .sort((a, b) =>
      isBetter(a.metric, a.best, b.best) ? -1 : isBetter(a.metric, b.best, a.best) ? 1 : a.run - b.run,
    );
}

async function trainOne(
  file: Sweep,
  run: SweptRun,
  signal: AbortSignal | undefined,
  train: (folder: string) => Promise<RunOutcome>,
): Promise<SweptRun> {
  const fail = async (failure: RunFailure): Promise<SweptRun> => {
    await writeJson(join(run.folder, 'failed.json'), failure);
    return { ...run, status: 'failed', failure };
  };
  let recipe: ReturnType<typeof recipeOfDraw>;
  try {
    recipe = recipeOfDraw(file, run);
  } catch (cause) {
    return fail({ message: describe(cause), code: (cause as { code?: string }).code ?? null });
  }
  await writeJson(join(run.folder, 'draw.json'), { run: run.run, values: run.values, shown: run.shown });
  if (!existsSync(join(run.folder, 'recipe.json'))) await writeJson(join(run.folder, 'recipe.json'), recipe);
  const outcome = await train(run.folder);
  // A process that is told to stop before it can listen just dies: no fault of the run's, which is done next time.
  // One that was cancelled on a server is no fault of it either: the same command sends it again.
  const put = 'failure' in outcome && (signal?.aborted || outcome.failure.code === 'TASK_CANCELLED');
  if (put) return { ...run, status: 'interrupted' };
  return 'failure' in outcome ? fail(outcome.failure) : { ...run, ...ofSummary(outcome.summary) };
}

async function stateOf(file: Sweep, out: string, k: number): Promise<SweptRun> {
  const folder = join(out, 'runs', runName(k));
  const run: SweptRun = {
    ...drawRun(file, k),
    folder,
    status: 'waiting',
    steps: 0,
    metric: null,
    best: null,
    validation: null,
  };
  const read = async <T>(name: string): Promise<T | undefined> => {
    const path = join(folder, name);
    return existsSync(path) ? (JSON.parse(await readFile(path, 'utf8')) as T) : undefined;
  };
  const failure = await read<RunFailure>('failed.json');
  if (failure) return { ...run, status: 'failed', failure };
  const summary = await read<RunSummary>('summary.json');
  return summary ? { ...run, ...ofSummary(summary) } : run;
}

const ofSummary = ({ status, steps, metric, best, validation }: RunSummary) => ({
  status,
  steps,
  metric,
  best: best?.value ?? null,
  validation,
});
