/** What training leaves behind: a detector whose contract says how it was trained and how good it is. */
import { contractSchemaName } from '../detect/contract.ts';
import { buildDetector } from '../detect/detector.ts';
import type { Tensor } from '../graph/tensor.ts';
import { groupBootstrap } from '../metrics/bootstrap.ts';
import { applyPlatt, fitPlatt } from '../metrics/calibration.ts';
import { auc, rocCurve } from '../metrics/roc.ts';
import type { Scored } from '../metrics/scored.ts';
import type { Evaluated } from './metrics.ts';
import { networkOf, type ResolvedRecipe } from './recipe.ts';

/** Error rates that the thresholds aim at on the validation split. */
const aim = 0.05;

export interface ExportOptions {
  recipe: ResolvedRecipe;
  weights: ReadonlyMap<string, Tensor>;
  /** The validation split scored with these weights. */
  validation: Evaluated;
  /** Steps behind the weights. */
  steps: number;
}

/** The detector's bytes. The recipe must have its `detector` part. */
export async function exportDetector({
  recipe,
  weights,
  validation,
  steps,
}: ExportOptions): Promise<Uint8Array> {
  const { detector, size, data } = recipe;
  if (detector === undefined) throw new Error('the recipe asks for no detector');
  const network = networkOf(recipe);
  const fitted = detector.calibrate ? fitPlatt(validation) : undefined;
  // A slope of 0 or less means that scores do not rise with the label: nothing to calibrate.
  const platt = fitted && fitted.slope > 0 ? fitted : undefined;
  const calibrated = {
    labels: validation.labels,
    scores: platt ? validation.scores.map((score) => applyPlatt(platt, score)) : validation.scores,
  };
  const protocol =
    `${validation.labels.length} pictures of the validation split, ` +
    `${data.split ? `kept apart by source (seed ${data.split.seed})` : "the data set's own"}; ` +
    'the same split chose the checkpoint and fitted the calibration';
  const { bytes } = await buildDetector(weights, {
    schema: contractSchemaName,
    name: detector.name,
    description: `${network.title} trained by the recipe ${recipe.name}. ${recipe.description}`.slice(
      0,
      2000,
    ),
    network: recipe.network,
    crop: detector.crop,
    input: {
      name: 'image',
      height: size,
      width: size,
      mean: [...network.normalisation.mean],
      deviation: [...network.normalisation.deviation],
    },
    outputs: { score: 'score', ...(validation.pixels ? { map: 'map' as const } : {}) },
    aggregation: { frames: { kind: 'mean' }, tracks: 'max' },
    calibration: platt ? { kind: 'platt', ...platt } : { kind: 'none' },
    thresholds: thresholdsOf(calibrated),
    quality: {
      minFacePixels: detector.minFacePixels,
      minSharpness: 0,
      minMeshConfidence: 0.5,
      minFaces: 5,
      measured: [],
    },
    training: {
      data:
        data.words ??
        `${recipe.name}: ${data.layout}${data.synthesize ? ', with forgeries made on the fly' : ''}`,
      terms: data.terms,
      recipe: `${recipe.name}, ${steps} steps`,
    },
    figures: figuresOf(validation, protocol, recipe.seed),
    limits: detector.limits,
    licence: detector.licence,
  });
  return bytes;
}

/**
 * `likely` at a false alarm rate of at most 5 % of the items, `notFound` at 5 % misses; where the classes are so far
 * apart that the two cross, they change places, and both rates lie below 5 %.
 */
export function thresholdsOf(items: Scored): { likely: number; notFound: number; basis: string } {
  const curve = rocCurve(items);
  const conventional = {
    likely: 0.9,
    notFound: 0.1,
    basis: 'Conventional: the validation split does not hold both classes.',
  };
  if (!curve) return conventional;
  const alarms = curve.filter(({ falsePositiveRate }) => falsePositiveRate <= aim).at(-1);
  const misses = curve.find(({ truePositiveRate }) => truePositiveRate >= 1 - aim);
  if (!alarms || !misses) return conventional;
  const bound = (value: number) => Math.min(0.999, Math.max(0.001, value));
  const [low, high] = [bound(alarms.threshold), bound(misses.threshold)].sort((a, b) => a - b);
  return {
    likely: high > low ? high : Math.min(1, low + 1e-3),
    notFound: low,
    basis: `At most ${aim * 100} % false alarms above and ${aim * 100} % misses below, on single pictures of the validation split.`,
  };
}

function figuresOf(validation: Evaluated, protocol: string, seed: number) {
  const items = validation.labels.map((label, i) => ({
    label,
    score: validation.scores[i],
    group: validation.groups[i],
  }));
  const value = (of: typeof items) =>
    auc({ labels: of.map(({ label }) => label), scores: of.map(({ score }) => score) });
  const interval = groupBootstrap(items, ({ group }) => group, value, { seed, resamples: 500 });
  if (!interval) return [];
  const { low, high } = interval;
  return [
    { metric: 'AUC by picture', value: interval.value, interval: [low, high] as [number, number], protocol },
  ];
}
