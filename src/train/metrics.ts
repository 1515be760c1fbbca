/** Validation metrics by name, and which way is better. */
import { accuracy, balancedAccuracy, confusionAt } from '../metrics/accuracy.ts';
import { brierScore, logLoss } from '../metrics/log-loss.ts';
import { auc, equalErrorRate } from '../metrics/roc.ts';
import type { Scored } from '../metrics/scored.ts';
import { meanIou, type PixelCounts, pixelAccuracy } from '../metrics/segmentation.ts';

/** What a pass over the validation pictures leaves behind. */
export interface Evaluated extends Scored {
  labels: number[];
  scores: number[];
  /** Ids of the videos, beside the scores; bootstrap intervals group by them. */
  groups: string[];
  /** Pixels against masks, where the network has a map and the recipe masks. */
  pixels?: PixelCounts;
}

interface Metric {
  readonly better: 'higher' | 'lower';
  of(evaluated: Evaluated): number | undefined;
}

export const metricNames = [
  'auc',
  'accuracy',
  'balanced-accuracy',
  'equal-error-rate',
  'log-loss',
  'brier',
  'pixel-accuracy',
  'mean-iou',
] as const;
export type MetricName = (typeof metricNames)[number];

export const metrics: Readonly<Record<MetricName, Metric>> = {
  auc: { better: 'higher', of: auc },
  accuracy: { better: 'higher', of: (items) => accuracy(confusionAt(items)) },
  'balanced-accuracy': { better: 'higher', of: (items) => balancedAccuracy(confusionAt(items)) },
  'equal-error-rate': { better: 'lower', of: (items) => equalErrorRate(items)?.rate },
  'log-loss': { better: 'lower', of: logLoss },
  brier: { better: 'lower', of: brierScore },
  'pixel-accuracy': { better: 'higher', of: ({ pixels }) => pixels && pixelAccuracy(pixels) },
  'mean-iou': { better: 'higher', of: ({ pixels }) => pixels && meanIou(pixels) },
};

/** Every metric that these items allow; those that are undefined (a class is absent, no maps) are left out. */
export function allMetrics(items: Evaluated): Partial<Record<MetricName, number>> {
  const values = metricNames.map((name) => [name, metrics[name].of(items)] as const);
  return Object.fromEntries(values.filter(([, value]) => value !== undefined));
}

/** True where `value` is strictly better than the best so far. */
export function isBetter(name: MetricName, value: number, best: number | undefined): boolean {
  if (best === undefined) return true;
  return metrics[name].better === 'higher' ? value > best : value < best;
}
