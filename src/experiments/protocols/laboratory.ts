/**
 * Where a protocol does its work: sets are made once, runs are trained once, and what is there is used again, by any
 * protocol. Everything goes on after a stop.
 */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { errors } from '../../base/errors.ts';
import { sha256 } from '../../base/hash.ts';
import { type LayoutName, openSource, type SourceOptions } from '../../data/layouts/index.ts';
import type { Item, SplitName } from '../../data/manifest.ts';
import { type PrepareOptions, prepare } from '../../data/prepare/index.ts';
import { type SynthesizeOptions, synthesize } from '../../data/synthesize/index.ts';
import type { Picture } from '../../media/types.ts';
import { readSide } from '../../train/data.ts';
import { parseRecipe, type ResolvedRecipe, recipeSchemaName, resolveRecipe } from '../../train/recipe.ts';
import type { RunEvent, RunSummary } from '../../train/run.ts';
import { writeJson } from '../../train/write-file.ts';
import { trainInProcess } from '../run/process.ts';
import { coarse } from './drawing.ts';
import type { Scale } from './protocol.ts';
import { type ScoredPicture, type ScoreRunOptions, scoreRun } from './score-run.ts';

export interface LaboratoryOptions {
  scale: Scale;
  /** `smoke`: a folder like `../shared/data`; `paper`: the document's data. */
  data: string;
  /** Sets and runs are kept below it. */
  work: string;
  seed?: number;
  /** Training runs at once, one engine thread each. */
  parallel?: number;
  /** Drawings show pictures of the data as coarse blocks only: most terms allow nobody to pass them on. */
  withhold?: boolean;
  onStage?(text: string): void;
  /** Of a stage's work: 0 to 1. */
  onShare?(share: number, text: string): void;
  signal?: AbortSignal;
}

/** A recipe without what the laboratory fills in. */
export interface RunPlan {
  /** Unique among the protocol's runs: `vgg5-seg`. */
  name: string;
  /** Folder of a set; from {@link Laboratory.synthesized} or {@link Laboratory.prepared}, or of the user's. */
  set: string;
  layout?: 'manifest' | 'faces-csv';
  recipe: Readonly<Record<string, unknown>>;
}

export interface TrainedRun {
  name: string;
  folder: string;
  summary: RunSummary;
  recipe: ResolvedRecipe;
}

type Making<T> = Omit<T, 'out' | 'workers' | 'manifest' | 'signal' | 'onBegin' | 'onUnit' | 'seed'>;

/** Share of sources in each side, at smoke scale and wherever the data has no sides of its own. */
export const split = { seed: 1, shares: { train: 0.7, validation: 0.1, test: 0.2 } };

export class Laboratory {
  readonly scale: Scale;
  readonly data: string;
  readonly seed: number;
  readonly signal: AbortSignal | undefined;
  readonly #options: LaboratoryOptions;

  constructor(options: LaboratoryOptions) {
    this.#options = options;
    this.scale = options.scale;
    this.data = resolve(options.data);
    this.seed = options.seed ?? 1;
    this.signal = options.signal;
  }

  get work(): string {
    return resolve(this.#options.work);
  }

  get parallel(): number {
    return this.#options.parallel ?? 1;
  }

  /** A picture of the data as a drawing may show it. */
  shown(picture: Picture): Picture {
    return this.#options.withhold ? coarse(picture) : picture;
  }

  /** What a drawing's caption says of that. */
  get shownWords(): string {
    return this.#options.withhold
      ? ' Faces are coarse blocks here: the data may not be passed on (`--withhold`).'
      : '';
  }

  stage(text: string): void {
    this.#options.onStage?.(text);
  }

  share(value: number, text: string): void {
    this.#options.onShare?.(value, text);
  }

  /** A path below the data folder. @throws CLIP_MISSING */
  inData(path: string): string {
    const full = join(this.data, path);
    if (!existsSync(full)) throw errors.CLIP_MISSING(full);
    return full;
  }

  /** A set of crops, made by `dataset prepare`. */
  async prepared(
    name: string,
    source: SourceOptions & { path: string; layout?: LayoutName },
    how: Making<PrepareOptions>,
  ): Promise<string> {
    return this.#set(name, source, how, async (out, watch) => {
      const { path, ...options } = source;
      await prepare(await openSource(path, options), { ...how, ...watch, out });
    });
  }

  /** A set of forgeries with masks, made by `dataset synthesize`. */
  async synthesized(name: string, from: string, how: Making<SynthesizeOptions>): Promise<string> {
    return this.#set(name, { path: from }, how, async (out, watch) => {
      await synthesize(await openSource(from), { ...how, ...watch, seed: this.seed, out });
    });
  }

  async #set(
    name: string,
    source: object,
    how: object,
    make: (
      out: string,
      watch: Pick<PrepareOptions, 'workers' | 'manifest' | 'signal' | 'onBegin' | 'onUnit'>,
    ) => Promise<void>,
  ): Promise<string> {
    const out = join(this.work, 'sets', `${name}-${keyOf({ source, how, seed: this.seed })}`);
    const done = join(out, 'report.json');
    if (existsSync(done)) return out;
    this.stage(`making the set ${name}`);
    let [made, total] = [0, 1];
    await make(out, {
      workers: this.parallel,
      manifest: 'csv',
      ...(this.signal ? { signal: this.signal } : {}),
      onBegin: (units) => {
        total = Math.max(1, units.total);
        made = units.done;
      },
      onUnit: () => this.share(++made / total, name),
    });
    return out;
  }

  /** Trains what is not trained yet, several at once; one engine thread each. @throws RUN_FAILED */
  async train(plans: readonly RunPlan[]): Promise<Map<string, TrainedRun>> {
    const trained = new Map<string, TrainedRun>();
    const shares = new Map<string, number>();
    const queue = plans.values();
    const lane = async () => {
      for (const plan of queue) {
        this.signal?.throwIfAborted();
        const run = await this.#trainOne(plan, (event) => {
          if (event.kind !== 'train') return;
          shares.set(plan.name, event.step / event.steps);
          const done = [...shares.values()].reduce((sum, share) => sum + share, 0);
          this.share(done / plans.length, `${trained.size} of ${plans.length} runs, now ${plan.name}`);
        });
        shares.set(plan.name, 1);
        trained.set(plan.name, run);
      }
    };
    this.stage(`training ${plans.length} runs`);
    await Promise.all(Array.from({ length: Math.min(this.parallel, plans.length) }, lane));
    return trained;
  }

  async #trainOne({ name, set, layout, recipe }: RunPlan, onEvent: (event: RunEvent) => void) {
    const resolved = resolveRecipe(
      parseRecipe({
        schema: recipeSchemaName,
        name,
        seed: this.seed,
        threads: 1,
        workers: 0,
        ...recipe,
        data: { split, ...(recipe.data as object | undefined), layout: layout ?? 'manifest', path: set },
      }),
      this.data,
    );
    const folder = join(this.work, 'runs', `${name}-${keyOf(resolved)}`);
    const file = join(folder, 'summary.json');
    const read = async () => JSON.parse(await readFile(file, 'utf8')) as RunSummary;
    if (existsSync(file)) {
      const summary = await read();
      if (summary.status !== 'interrupted') return { name, folder, summary, recipe: resolved };
    }
    if (!existsSync(join(folder, 'recipe.json'))) await writeJson(join(folder, 'recipe.json'), resolved);
    const outcome = await trainInProcess(folder, {
      onEvent,
      ...(this.signal ? { signal: this.signal } : {}),
    });
    this.signal?.throwIfAborted();
    if ('failure' in outcome) throw errors.RUN_FAILED(folder, outcome.failure.message);
    return { name, folder, summary: outcome.summary, recipe: resolved };
  }

  /** Scores of a run's best weights on a side of its own data, or on other items. */
  async score(
    run: TrainedRun,
    {
      side = 'test',
      items,
      ...options
    }: { side?: SplitName; items?: Sided } & Partial<Omit<ScoreRunOptions, 'items' | 'folder'>> = {},
  ): Promise<ScoredPicture[]> {
    const sided = items ?? (await this.side(run, side));
    return scoreRun(run, { ...sided, threads: this.parallel, signal: this.signal, ...options });
  }

  /** The items of one side of a run's data. */
  async side(run: TrainedRun, side: SplitName): Promise<Sided> {
    const { folder, items } = await readSide(run.recipe, side);
    return { folder, items };
  }
}

export interface Sided {
  folder: string;
  items: readonly Item[];
}

/** Names what was asked for, so that another wish becomes another folder. */
function keyOf(value: unknown): string {
  return sha256(JSON.stringify(value)).slice(0, 8);
}
