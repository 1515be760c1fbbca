/**
 * A run: a folder that holds everything about one training.
 *
 *     recipe.json        the recipe with absolute paths, overrides applied
 *     environment.json   machine and versions, one entry a start
 *     landmarks.json     where forgeries are made of a set without landmarks: what was found
 *     metrics.jsonl      one line a step, one a validation
 *     checkpoints/       step-N.safetensors (the last few), best.safetensors (weights alone)
 *     model.onnx         the detector, at the end, where the recipe describes one
 *     summary.json       how it ended
 *
 * It can be killed at any moment and resumed: every random draw is a function of the seed and the step, and what
 * was logged after the last checkpoint is cut off and computed again.
 */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { describe, errors } from '../base/errors.ts';
import { openPipeline, type Pipeline } from '../data/pipeline.ts';
import type { Tensor } from '../graph/tensor.ts';
import { encodeSafeTensors, readSafeTensors } from '../models/weights/safetensors.ts';
import { type Checkpoint, newestCheckpoint, type Progress, saveCheckpoint } from './checkpoint.ts';
import { loadData } from './data.ts';
import { describeEnvironment } from './environment.ts';
import { exportDetector } from './export.ts';
import { startingWeights } from './init.ts';
import { openLoggers } from './loggers/index.ts';
import type { RunLogger } from './loggers/logger.ts';
import { allMetrics, type Evaluated, isBetter, type MetricName } from './metrics.ts';
import { openValidator, pictureOptions, stepOptions } from './open-validator.ts';
import { type Phase, planPhases } from './plan.ts';
import { networkOf, parseRecipe, type ResolvedRecipe, resolveRecipe } from './recipe.ts';
import { RunLog, type TrainLine, type ValidationLine } from './run-log.ts';
import { buildStep } from './step.ts';
import { Trainer } from './trainer.ts';
import type { Validator } from './validator.ts';
import { writeJson, writeWhole } from './write-file.ts';

export type RunEvent =
  | {
      kind: 'start';
      from: number;
      steps: number;
      items: Record<string, number>;
      parameters: number;
      recipe: ResolvedRecipe;
    }
  | (TrainLine & { steps: number; imagesPerSecond: number; waitShare: number; secondsLeft: number })
  | (ValidationLine & { best: boolean })
  | { kind: 'checkpoint'; step: number; path: string }
  | { kind: 'warning'; message: string };

export interface RunOptions {
  folder: string;
  onEvent?: (event: RunEvent) => void;
  /** Ends the run after the step in hand, with a checkpoint. */
  signal?: AbortSignal;
}

export interface RunSummary {
  status: 'finished' | 'early-stop' | 'interrupted';
  folder: string;
  /** Steps done. */
  steps: number;
  metric: MetricName;
  best: Progress['best'] | null;
  /** All metrics of the weights that were kept, on the validation split. */
  validation: Partial<Record<MetricName, number>> | null;
  detector: string | null;
  /** Pictures left out, by reason. */
  skipped: { id: string; file: string; reason: string; count: number }[];
  /** Of this start alone, without validation. */
  imagesPerSecond: number;
  waitShare: number;
}

/**
 * Whether the engine's threads may wait busily. Where the input's threads want the same cores they must not: on two
 * cores that took a fifth of the pictures a second.
 */
function coresToSpare({ threads, workers }: Pick<ResolvedRecipe, 'threads' | 'workers'>): boolean {
  return threads + workers <= availableParallelism();
}

/** Starts a run in a new folder. @throws RUN_EXISTS, and whatever {@link continueRun} throws. */
export async function startRun(recipe: ResolvedRecipe, options: RunOptions): Promise<RunSummary> {
  const path = join(options.folder, 'recipe.json');
  if (existsSync(path)) throw errors.RUN_EXISTS(options.folder);
  await writeJson(path, recipe);
  return continueRun(options);
}

/**
 * Continues a run from its newest checkpoint, or from the start where none was written yet.
 * @throws RUN_MISSING, RUN_FINISHED, RECIPE_INVALID, CHECKPOINT_MISMATCH, TRAINING_DIVERGED, OUTPUT_UNWRITABLE, and
 * what reading the data throws.
 */
export async function continueRun(options: RunOptions): Promise<RunSummary> {
  let logger: RunLogger | undefined;
  let summary: RunSummary | undefined;
  const tell = options.onEvent ?? (() => {});
  const onEvent = (event: RunEvent) => {
    if (event.kind === 'start') {
      logger = openLoggers(event.recipe, options.folder, event.from, (message) =>
        tell({ kind: 'warning', message }),
      );
    }
    logger?.log(event);
    tell(event);
  };
  let run: Run | undefined;
  try {
    run = await Run.open({ ...options, onEvent });
    summary = await run.train();
    return summary;
  } finally {
    await run?.close();
    await logger?.close(summary);
  }
}

/** How a run ended. @throws RUN_MISSING where it has not. */
export async function readSummary(folder: string): Promise<RunSummary> {
  try {
    return JSON.parse(await readFile(join(folder, 'summary.json'), 'utf8')) as RunSummary;
  } catch (cause) {
    throw errors.RUN_MISSING(folder, describe(cause));
  }
}

/** The recipe that a run was started with. @throws RUN_MISSING. */
export async function recipeOfRun(folder: string): Promise<ResolvedRecipe> {
  let json: unknown;
  try {
    json = JSON.parse(await readFile(join(folder, 'recipe.json'), 'utf8'));
  } catch (cause) {
    throw errors.RUN_MISSING(folder, describe(cause));
  }
  return resolveRecipe(parseRecipe(json), folder);
}

class Run {
  readonly #options: RunOptions;
  readonly #recipe: ResolvedRecipe;
  readonly #log: RunLog;
  readonly #pipeline: Pipeline;
  readonly #validator: Validator;
  readonly #phases: Phase[];
  readonly #skipped = new Map<string, { id: string; file: string; reason: string; count: number }>();
  #progress: Progress;
  #tensors: ReadonlyMap<string, Tensor>;
  #lastCheckpoint = 'none yet';
  #trainedMs = 0;
  #waitedMs = 0;
  #stepsHere = 0;

  private constructor(
    options: RunOptions,
    recipe: ResolvedRecipe,
    parts: { log: RunLog; pipeline: Pipeline; validator: Validator; phases: Phase[] },
    from: { progress: Progress; tensors: ReadonlyMap<string, Tensor>; path?: string | undefined },
  ) {
    this.#options = options;
    this.#recipe = recipe;
    this.#log = parts.log;
    this.#pipeline = parts.pipeline;
    this.#validator = parts.validator;
    this.#phases = parts.phases;
    this.#progress = from.progress;
    this.#tensors = from.tensors;
    if (from.path !== undefined) this.#lastCheckpoint = from.path;
  }

  static async open(options: RunOptions): Promise<Run> {
    const { folder, onEvent = () => {} } = options;
    const recipe = await recipeOfRun(folder);
    if (existsSync(join(folder, 'summary.json'))) {
      const { steps, status } = JSON.parse(
        await readFile(join(folder, 'summary.json'), 'utf8'),
      ) as RunSummary;
      if (status !== 'interrupted') throw errors.RUN_FINISHED(folder, steps);
    }
    const checkpoint = await newestCheckpoint(join(folder, 'checkpoints'), (error) =>
      onEvent({ kind: 'warning', message: error.message }),
    );
    const network = networkOf(recipe);
    const { train, validation, source, dropped } = await loadData(recipe, {
      cache: join(folder, 'landmarks.json'),
      threads: recipe.threads,
      signal: options.signal,
      onSearch: (pictures) =>
        onEvent({
          kind: 'warning',
          message: `the landmarks of ${pictures} pictures are sought, once for this run`,
        }),
    });
    if (dropped > 0) onEvent({ kind: 'warning', message: `${dropped} items of the data set were left out` });
    const engine = { device: recipe.device, threads: recipe.threads };
    const environments = await readEnvironments(folder);
    await writeJson(join(folder, 'environment.json'), [...environments, await describeEnvironment(engine)]);
    const step = stepOptions(recipe, []);
    const { parameters, masks } = buildStep(step);
    const pipeline = openPipeline({
      ...pictureOptions(recipe, source.folder, masks),
      items: train,
      batchSize: recipe.batchSize,
      sampling: recipe.sampling,
      augment: recipe.augment,
      augmentBy: recipe.augmentBy,
      unreadable: 'reserve',
    });
    try {
      const phases = planPhases(recipe, pipeline.batchesPerEpoch);
      const validator = await openValidator(recipe, { folder: source.folder, items: validation, masks });
      const tensors = checkpoint?.tensors ?? (await startingWeights(recipe, network, parameters));
      const progress = checkpoint?.progress ?? { step: 0, sinceBest: 0 };
      if (checkpoint)
        checkFits(
          checkpoint,
          parameters.map(({ path, shape }) => [path, shape]),
        );
      const log = await RunLog.open(join(folder, 'metrics.jsonl'), progress.step);
      onEvent({
        kind: 'start',
        recipe,
        from: progress.step,
        steps: phases[phases.length - 1].to,
        items: { train: train.length, validation: validation.length },
        parameters: parameters.reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0),
      });
      const parts = { log, pipeline, validator, phases };
      return new Run(options, recipe, parts, { progress, tensors, path: checkpoint?.path });
    } catch (error) {
      await pipeline.close();
      throw error;
    }
  }

  async train(): Promise<RunSummary> {
    const patience = this.#recipe.validation.patience ?? Number.POSITIVE_INFINITY;
    for (const phase of this.#phases) {
      if (this.#progress.step >= phase.to || this.#progress.sinceBest >= patience) continue;
      await this.#trainPhase(phase);
      if (this.#options.signal?.aborted) return this.#summarise('interrupted', null, null);
    }
    const status = this.#progress.sinceBest >= patience ? 'early-stop' : 'finished';
    return this.#finish(status);
  }

  async close(): Promise<void> {
    this.#log.close();
    await this.#pipeline.close();
    await this.#validator.dispose();
  }

  async #trainPhase(phase: Phase): Promise<void> {
    const recipe = this.#recipe;
    const patience = recipe.validation.patience ?? Number.POSITIVE_INFINITY;
    const fresh = this.#progress.step === phase.from;
    const trainer = await Trainer.open({
      step: stepOptions(recipe, phase.freeze),
      // The optimiser starts anew with a phase.
      initial: fresh
        ? new Map([...this.#tensors].filter(([key]) => !key.startsWith('state/')))
        : this.#tensors,
      seed: recipe.seed,
      session: { device: recipe.device, threads: recipe.threads, spinning: coresToSpare(recipe) },
      lastCheckpoint: () => this.#lastCheckpoint,
    });
    try {
      for (let step = this.#progress.step; step < phase.to; step++) {
        await this.#trainStep(trainer, phase, step);
        const done = step + 1;
        this.#progress = { ...this.#progress, step: done };
        const last = done === this.#phases[this.#phases.length - 1].to;
        if (done % recipe.validation.every === 0 || last) await this.#validate(trainer);
        const stop = this.#progress.sinceBest >= patience || this.#options.signal?.aborted === true;
        if (done % recipe.checkpoints.every === 0 || done === phase.to || stop) await this.#save(trainer);
        if (stop) break;
      }
      // Copied: the trainer's buffers go with it.
      this.#tensors = new Map(
        [...trainer.state()].map(([key, value]) => [key, { ...value, data: value.data.slice() }]),
      );
    } finally {
      await trainer.dispose();
    }
  }

  async #trainStep(trainer: Trainer, phase: Phase, step: number): Promise<void> {
    const recipe = this.#recipe;
    const began = performance.now();
    const batch = await this.#pipeline.batch(step);
    const waitMs = performance.now() - began;
    const learningRate = phase.rate(step);
    const { classWeights } = recipe;
    const report = await trainer.step(
      {
        images: batch.images,
        labels: batch.labels,
        masks: batch.masks,
        ...(classWeights
          ? {
              weights: batch.labels.map((label) =>
                label === 1 ? classWeights.manipulated : classWeights.real,
              ),
            }
          : {}),
      },
      step,
      learningRate,
      step - phase.from + 1,
    );
    const right = report.scores.reduce(
      (sum, score, i) => sum + (score >= 0.5 === (batch.labels[i] === 1) ? 1 : 0),
      0,
    );
    batch.release();
    for (const skipped of batch.skipped) {
      this.#log.append({ kind: 'skipped', step: step + 1, ...skipped });
      this.#countSkipped([skipped]);
    }
    const stepMs = performance.now() - began;
    const line: TrainLine = {
      kind: 'train',
      step: step + 1,
      epoch: batch.epoch,
      loss: report.loss,
      norm: report.norm,
      accuracy: right / recipe.batchSize,
      learningRate,
      stepMs: Math.round(stepMs * 10) / 10,
      waitMs: Math.round(waitMs * 10) / 10,
    };
    this.#log.append(line);
    this.#stepsHere++;
    this.#trainedMs += stepMs;
    this.#waitedMs += waitMs;
    const steps = this.#phases[this.#phases.length - 1].to;
    this.#options.onEvent?.({
      ...line,
      steps,
      imagesPerSecond: this.#imagesPerSecond(),
      waitShare: this.#waitedMs / this.#trainedMs,
      secondsLeft: ((steps - step - 1) * this.#trainedMs) / this.#stepsHere / 1000,
    });
  }

  async #validate(trainer: Trainer): Promise<void> {
    const { metric } = this.#recipe.validation;
    const began = performance.now();
    const weights = trainer.averaged();
    const evaluated = await this.#evaluate(weights);
    const values = allMetrics(evaluated);
    const value = values[metric];
    if (value === undefined) {
      throw errors.RECIPE_INVALID('validation.metric', `${metric} is undefined on this validation split`);
    }
    const best = isBetter(metric, value, this.#progress.best?.value);
    const { step } = this.#progress;
    this.#progress = best
      ? { step, best: { value, step }, sinceBest: 0 }
      : { ...this.#progress, sinceBest: this.#progress.sinceBest + 1 };
    if (best) await writeWhole(this.#bestPath(), encodeSafeTensors(weights, { step: String(step), metric }));
    const seconds = Math.round((performance.now() - began) / 10) / 100;
    const line: ValidationLine = {
      kind: 'validation',
      step,
      metrics: values,
      items: evaluated.labels.length,
      seconds,
    };
    this.#log.append(line);
    this.#options.onEvent?.({ ...line, best });
  }

  async #save(trainer: Trainer): Promise<void> {
    this.#log.flush();
    const folder = join(this.#options.folder, 'checkpoints');
    const { keep } = this.#recipe.checkpoints;
    this.#lastCheckpoint = await saveCheckpoint(folder, trainer.state(), this.#progress, keep);
    this.#options.onEvent?.({ kind: 'checkpoint', step: this.#progress.step, path: this.#lastCheckpoint });
  }

  async #finish(status: 'finished' | 'early-stop'): Promise<RunSummary> {
    const { tensors, metadata } = await readSafeTensors(this.#bestPath());
    const evaluated = await this.#evaluate(tensors);
    let detector: string | null = null;
    if (this.#recipe.detector) {
      detector = join(this.#options.folder, 'model.onnx');
      const bytes = await exportDetector({
        recipe: this.#recipe,
        weights: tensors,
        validation: evaluated,
        steps: Number(metadata.step),
      });
      await writeWhole(detector, bytes);
    }
    return this.#summarise(status, allMetrics(evaluated), detector);
  }

  async #summarise(
    status: RunSummary['status'],
    validation: RunSummary['validation'],
    detector: string | null,
  ): Promise<RunSummary> {
    const summary: RunSummary = {
      status,
      folder: this.#options.folder,
      steps: this.#progress.step,
      metric: this.#recipe.validation.metric,
      best: this.#progress.best ?? null,
      validation,
      detector,
      skipped: [...this.#skipped.values()],
      imagesPerSecond: this.#imagesPerSecond(),
      waitShare: this.#trainedMs > 0 ? this.#waitedMs / this.#trainedMs : 0,
    };
    await writeJson(join(this.#options.folder, 'summary.json'), summary);
    return summary;
  }

  #evaluate(weights: ReadonlyMap<string, Tensor>): Promise<Evaluated> {
    return this.#validator.evaluate(weights, (skipped) => this.#countSkipped(skipped));
  }

  #countSkipped(skipped: readonly { id: string; file: string; reason: string }[]): void {
    for (const item of skipped) {
      const known = this.#skipped.get(item.id);
      if (known) known.count++;
      else this.#skipped.set(item.id, { ...item, count: 1 });
    }
  }

  #bestPath(): string {
    return join(this.#options.folder, 'checkpoints', 'best.safetensors');
  }

  #imagesPerSecond(): number {
    return this.#trainedMs > 0 ? (this.#stepsHere * this.#recipe.batchSize * 1000) / this.#trainedMs : 0;
  }
}

function checkFits({ path, tensors }: Checkpoint, parameters: [string, readonly number[]][]): void {
  for (const [key, shape] of parameters) {
    const found = tensors.get(key);
    if (found?.dims.join() !== shape.join()) {
      const is = found ? `[${found.dims.join(', ')}]` : 'missing';
      throw errors.CHECKPOINT_MISMATCH(path, `${key} is ${is}, [${shape.join(', ')}] is wanted`);
    }
  }
}

async function readEnvironments(folder: string): Promise<unknown[]> {
  const text = await readFile(join(folder, 'environment.json'), 'utf8').catch(() => '[]');
  const json: unknown = JSON.parse(text);
  return Array.isArray(json) ? json : [];
}
