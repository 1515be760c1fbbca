/** Precision and recall of the manipulated class (004, Figure 4; there over pixels, anywhere else over items). */
import { countClasses, cuts, type Scored } from './scored.ts';

export interface PrecisionRecallPoint {
  /** Scores at or above it are called manipulated. */
  threshold: number;
  /** Share of the items called manipulated that are, 0 to 1. */
  precision: number;
  /** Share of the manipulated items that are called so, 0 to 1. */
  recall: number;
}

/**
 * One point for every distinct score, highest threshold first; recall never falls. scikit-learn's
 * `precision_recall_curve` reversed and without its appended point (recall 0, precision 1), which no threshold gives.
 * `undefined` without manipulated items.
 */
export function precisionRecallCurve(items: Scored): PrecisionRecallPoint[] | undefined {
  const { positives } = countClasses(items);
  if (positives === 0) return undefined;
  return cuts(items).map(({ threshold, truePositives, falsePositives }) => ({
    threshold,
    precision: truePositives / (truePositives + falsePositives),
    recall: truePositives / positives,
  }));
}

/**
 * Average precision, 0 to 1: sum of (R_n - R_n-1) P_n over the thresholds, no interpolation (scikit-learn's
 * `average_precision_score`). `undefined` where a class is absent: without real items it is 1 whatever the detector.
 */
export function averagePrecision(items: Scored): number | undefined {
  const { positives, negatives } = countClasses(items);
  if (positives === 0 || negatives === 0) return undefined;
  let [sum, before] = [0, 0];
  for (const { truePositives, falsePositives } of cuts(items)) {
    sum += ((truePositives - before) / positives) * (truePositives / (truePositives + falsePositives));
    before = truePositives;
  }
  return sum;
}
