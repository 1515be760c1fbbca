/** What a sweep is, as data: a recipe, ranges over some of its keys, and how many runs to draw. */
import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { z } from 'zod';
import { describe, errors } from '../base/errors.ts';
import { Random } from '../base/random.ts';
import { parseRecipe, type ResolvedRecipe, resolveRecipe } from '../train/recipe.ts';

export const sweepSchemaName = 'mesoscope.sweep/1';

const ordered = (range: { low: number; high: number }) => range.low < range.high;

/** How one key of the recipe is drawn. A choice's values may be whole objects; `labels` then name them in plots. */
export const rangeSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('choice'),
    values: z.array(z.json()).min(1),
    labels: z.array(z.string()).optional(),
  }),
  z.strictObject({ kind: z.literal('uniform'), low: z.number(), high: z.number() }).refine(ordered),
  z
    .strictObject({ kind: z.literal('log-uniform'), low: z.number().positive(), high: z.number().positive() })
    .refine(ordered),
  z.strictObject({ kind: z.literal('integer'), low: z.int(), high: z.int() }).refine(ordered),
]);
export type Range = z.infer<typeof rangeSchema>;

export const sweepSchema = z.strictObject({
  $schema: z.string().optional(),
  schema: z.literal(sweepSchemaName),
  name: z.string().regex(/^[a-z0-9][a-z0-9._-]{0,63}$/),
  description: z.string().default(''),
  /** A recipe file, relative to this one, or the recipe itself. */
  recipe: z.union([z.string(), z.record(z.string(), z.unknown())]),
  runs: z.int().positive().max(100_000),
  seed: z.int().nonnegative().default(1),
  /** Runs at once; each has `threads` of the recipe. */
  parallel: z.int().positive().max(256).default(1),
  /** Dotted keys of the recipe: `optimiser.decay`, `network.options.dropout`, `data.path`. */
  parameters: z.record(z.string().regex(/^[A-Za-z$][\w$]*(?:\.[A-Za-z$][\w$]*)*$/), rangeSchema),
});
export type SweepFile = z.output<typeof sweepSchema>;

export interface Sweep extends SweepFile {
  recipe: Record<string, unknown>;
  /** Folder that the recipe's relative paths start from. */
  folder: string;
}

/** @throws RECIPE_UNREADABLE, RECIPE_INVALID with the key that is wrong */
export async function readSweep(path: string): Promise<Sweep> {
  const json = await readJson(path);
  const parsed = sweepSchema.safeParse(json);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw errors.RECIPE_INVALID(issue.path.join('.') || 'the top', issue.message);
  }
  const folder = dirname(resolve(path));
  const { recipe } = parsed.data;
  if (typeof recipe !== 'string') return { ...parsed.data, recipe, folder };
  const file = resolve(folder, recipe);
  return { ...parsed.data, recipe: (await readJson(file)) as Record<string, unknown>, folder: dirname(file) };
}

async function readJson(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, 'utf8'));
  } catch (cause) {
    throw errors.RECIPE_UNREADABLE(path, describe(cause));
  }
}

/** The same sweep on one data set: its own, and ranges over several, are put aside. */
export function onData(sweep: Sweep, path: string): Sweep {
  const { 'data.path': _, ...parameters } = sweep.parameters;
  return {
    ...sweep,
    recipe: { ...sweep.recipe, data: { ...(sweep.recipe.data as object), path } },
    parameters,
  };
}

export interface Draw {
  /** From 0. */
  run: number;
  /** Drawn values by dotted key. */
  values: Record<string, unknown>;
  /** The same as plots and tables show them: numbers, or names. */
  shown: Record<string, number | string>;
}

/** The values of a run: a function of the sweep's seed, the run's number and each key alone. */
export function drawRun({ seed, parameters }: Pick<Sweep, 'seed' | 'parameters'>, run: number): Draw {
  const draw: Draw = { run, values: {}, shown: {} };
  for (const [key, range] of Object.entries(parameters)) {
    const random = new Random(seed, 'sweep', run, key);
    if (range.kind === 'choice') {
      const at = random.integer(0, range.values.length - 1);
      const value = range.values[at];
      draw.values[key] = value;
      draw.shown[key] = range.labels?.[at] ?? (typeof value === 'number' ? value : shortName(value));
    } else {
      draw.values[key] = draw.shown[key] = numberIn(range, random);
    }
  }
  return draw;
}

function numberIn(range: Exclude<Range, { kind: 'choice' }>, random: Random): number {
  const { low, high } = range;
  if (range.kind === 'integer') return random.integer(low, high);
  if (range.kind === 'uniform') return random.uniform(low, high);
  return Math.exp(random.uniform(Math.log(low), Math.log(high)));
}

/** `cosine` of `{ kind: 'cosine', … }`, the end of a path, or the JSON. */
function shortName(value: unknown): string {
  if (typeof value === 'string') return value.split('/').filter(Boolean).slice(-2).join('/');
  const kind = (value as { kind?: unknown } | null)?.kind;
  return typeof kind === 'string' ? kind : JSON.stringify(value);
}

/** The recipe of a run. @throws RECIPE_INVALID, NETWORK_UNKNOWN: the ranges lead out of what recipes allow */
export function recipeOfDraw({ recipe, folder, name }: Sweep, { run, values }: Draw): ResolvedRecipe {
  const json = structuredClone(recipe);
  for (const [key, value] of Object.entries(values)) setAt(json, key.split('.'), value);
  json.name = `${name}-${runName(run)}`.slice(-64).replace(/^[^a-z0-9]+/, '');
  return resolveRecipe(parseRecipe(json), folder);
}

export const runName = (run: number) => String(run).padStart(4, '0');

function setAt(target: Record<string, unknown>, [key, ...rest]: string[], value: unknown): void {
  // Keys come from a file: none may reach an object's prototype.
  if (['__proto__', 'constructor', 'prototype'].includes(key)) throw errors.RECIPE_INVALID(key, 'not a key');
  if (rest.length === 0) {
    target[key] = value;
    return;
  }
  const next = Object.hasOwn(target, key) ? target[key] : undefined;
  const child = typeof next === 'object' && next !== null && !Array.isArray(next) ? next : {};
  target[key] = child;
  setAt(child as Record<string, unknown>, rest, value);
}
