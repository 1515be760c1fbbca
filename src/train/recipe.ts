/** Recipes: a JSON file that says completely how a detector is trained. */
import { readFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { dirname, resolve } from 'node:path';
import { z } from 'zod';
import { describe, errors } from '../base/errors.ts';
import { augmentSchema, noAugment } from '../data/augment/index.ts';
import { batchSamplingSchema } from '../data/batch-sampling.ts';
import { splitSchema } from '../data/split.ts';
import { synthesizeSchema } from '../data/synthesize/on-the-fly.ts';
import { contractSchema } from '../detect/contract.ts';
import { networkNamed } from '../models/index.ts';
import type { Network } from '../models/network.ts';
import { devices } from '../runtime/devices.ts';
import { loggingSchema } from './loggers/logger.ts';
import { lossSchema } from './losses/index.ts';
import { metricNames } from './metrics.ts';
import { optimiserSchema } from './optimisers/index.ts';
import { scheduleSchema } from './schedules.ts';

export const recipeSchemaName = 'mesoscope.recipe/1';

const count = z.int().positive();
const layers = z
  .array(z.string().min(1))
  .describe('Layer paths as .gitignore reads lines: block1, head/*, !head');
const extent = { steps: count.optional(), epochs: count.optional() };
const oneExtent = (value: { steps?: number | undefined; epochs?: number | undefined }) =>
  (value.steps === undefined) !== (value.epochs === undefined);

const dataSchema = z.strictObject({
  layout: z.enum(['manifest', 'faces-csv']).describe('What kind of file the path names'),
  path: z
    .string()
    .min(1)
    .describe('A file, or the folder of a prepared set; relative to the recipe; --data names another'),
  split: splitSchema.optional().describe("Where absent, the sides in the manifest's column split"),
  synthesize: synthesizeSchema
    .optional()
    .describe('Trains on forgeries made anew in every epoch from the real items'),
  words: z.string().min(1).max(1000).optional().describe("What the pictures are, for the detector's card"),
  terms: z.string().default('Not stated.').describe('Under what terms the data may be used'),
});

const phaseSchema = z
  .strictObject({
    ...extent,
    freeze: layers.default([]),
    schedule: scheduleSchema.optional().describe("Counted from the phase's first step"),
  })
  .refine(oneExtent, 'exactly one of steps and epochs says how long it lasts');

const validationSchema = z.strictObject({
  metric: z.enum(metricNames).default('auc').describe('Decides which checkpoint is the best'),
  every: count.default(500).describe('Steps between two validations'),
  patience: count.optional().describe('Validations without a better value before training ends'),
  batchSize: count.default(32),
});

const detectorSchema = z.strictObject({
  name: z.string().regex(/^[a-z0-9][a-z0-9._-]{0,63}$/),
  crop: contractSchema.shape.crop.describe('How faces must be cut out to look like the training data'),
  minFacePixels: z.number().positive().default(48),
  calibrate: z.boolean().default(true).describe('Fits the calibration on the validation scores'),
  limits: z.array(z.string()).default([]),
  licence: z.string().default('Not stated.'),
});

export const recipeSchema = z
  .strictObject({
    $schema: z.string().optional(),
    schema: z.literal(recipeSchemaName),
    name: z.string().regex(/^[a-z0-9][a-z0-9._-]{0,63}$/),
    description: z.string().default(''),
    data: dataSchema,
    network: z.strictObject({
      name: z.string(),
      options: z
        .record(z.string(), z.unknown())
        .default({})
        .describe("The network's own options, its task among them"),
    }),
    size: z.int().min(8).max(2048).optional().describe("Side of the input; the network's own where absent"),
    init: z
      .strictObject({
        weights: z
          .string()
          .min(1)
          .describe(
            'A detector (.onnx), a checkpoint or safetensors by our layer paths, PyTorch .pth, Keras .h5',
          ),
        except: layers.default([]).describe('Layers that start anew'),
      })
      .optional(),
    loss: lossSchema,
    classWeights: z
      .strictObject({ real: z.number().nonnegative(), manipulated: z.number().nonnegative() })
      .optional()
      .describe('How much a picture of each class counts in the loss'),
    optimiser: optimiserSchema,
    schedule: scheduleSchema,
    clip: z.number().positive().optional().describe('Greatest global norm of the gradients'),
    ema: z.number().gt(0).lt(1).optional().describe('Decay of the moving average of the weights'),
    freeze: layers.default([]),
    ...extent,
    phases: z.array(phaseSchema).min(1).optional().describe('In place of steps, epochs and freeze'),
    batchSize: count.max(4096),
    sampling: batchSamplingSchema.default({ kind: 'shuffle' }),
    augment: augmentSchema.default(noAugment),
    augmentBy: z.enum(['item', 'source']).default('item'),
    validation: validationSchema.default(validationSchema.parse({})),
    checkpoints: z
      .strictObject({ every: count.default(500), keep: count.default(2) })
      .default({ every: 500, keep: 2 }),
    seed: z.int().nonnegative().default(1),
    device: z.enum(devices).default('cpu'),
    threads: count.max(256).optional().describe("Engine threads; the machine's cores where absent"),
    workers: z.int().nonnegative().max(64).default(1).describe('Threads that decode and augment'),
    prefetch: count.max(64).default(3).describe('Batches made ahead'),
    logging: loggingSchema.optional(),
    detector: detectorSchema
      .optional()
      .describe('What the contract of the trained detector says; absent: none is written'),
  })
  .refine((recipe) => (recipe.phases ? !recipe.steps && !recipe.epochs : oneExtent(recipe)), {
    message: 'exactly one of steps, epochs and phases says how long to train',
    path: ['steps'],
  });
export type Recipe = z.output<typeof recipeSchema>;

/** A recipe with absolute paths, the network's options filled in, and the overrides applied. */
export interface ResolvedRecipe extends Recipe {
  size: number;
  threads: number;
}

export interface RecipeOverrides {
  data?: string | undefined;
  device?: (typeof devices)[number] | undefined;
  threads?: number | undefined;
}

/** @throws RECIPE_UNREADABLE, RECIPE_INVALID with the path of the wrong key, NETWORK_UNKNOWN. */
export async function readRecipe(path: string, overrides: RecipeOverrides = {}): Promise<ResolvedRecipe> {
  let json: unknown;
  try {
    json = JSON.parse(await readFile(path, 'utf8'));
  } catch (cause) {
    throw errors.RECIPE_UNREADABLE(path, describe(cause));
  }
  return resolveRecipe(parseRecipe(json), dirname(resolve(path)), overrides);
}

/** @throws RECIPE_INVALID, NETWORK_UNKNOWN. */
export function parseRecipe(json: unknown): Recipe {
  return check(recipeSchema, json, []);
}

/** Relative paths start at `folder`; an override's at the working directory, as on any command line. */
export function resolveRecipe(
  recipe: Recipe,
  folder: string,
  overrides: RecipeOverrides = {},
): ResolvedRecipe {
  const network = networkNamed(recipe.network.name);
  const options = check(network.options as z.ZodType<Record<string, unknown>>, recipe.network.options, [
    'network',
    'options',
  ]);
  const size = recipe.size ?? network.inputSize;
  const { min, step } = network.sizes;
  if (size < min || size % step !== 0) {
    throw errors.RECIPE_INVALID(
      'size',
      `${network.name} takes multiples of ${step} from ${min} on, not ${size}`,
    );
  }
  if (network.frames !== undefined) {
    throw errors.RECIPE_INVALID(
      'network.name',
      `${network.name} looks at ${network.frames} frames at once, data sets hold single pictures`,
    );
  }
  return {
    ...recipe,
    network: { name: network.name, options },
    size,
    threads: overrides.threads ?? recipe.threads ?? availableParallelism(),
    device: overrides.device ?? recipe.device,
    data: {
      ...recipe.data,
      path: overrides.data === undefined ? resolve(folder, recipe.data.path) : resolve(overrides.data),
    },
    ...(recipe.init ? { init: { ...recipe.init, weights: resolve(folder, recipe.init.weights) } } : {}),
  };
}

export function networkOf(recipe: Recipe): Network {
  return networkNamed(recipe.network.name);
}

/** For editors: what a recipe may hold, as JSON Schema. Published as `recipes/recipe.schema.json`. */
export function recipeJsonSchema(): Record<string, unknown> {
  return z.toJSONSchema(recipeSchema, { io: 'input' }) as Record<string, unknown>;
}

function check<T>(schema: z.ZodType<T>, json: unknown, at: string[]): T {
  const parsed = schema.safeParse(json);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const where = [...at, ...issue.path.map(String)];
  if (issue.code === 'unrecognized_keys') {
    const key = [...where, issue.keys[0]].join('.');
    throw errors.RECIPE_INVALID(key, 'there is no such key');
  }
  throw errors.RECIPE_INVALID(where.join('.'), issue.message);
}
