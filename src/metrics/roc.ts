/** Receiver operating characteristic: the curve, its area, and the figures read from it. */
import { countClasses, cuts, type Scored } from './scored.ts';

export interface RocPoint {
  /** Scores at or above it are called manipulated; +Infinity at the first point, where nothing is. */
  threshold: number;
  /** Share of real items called manipulated, 0 to 1. */
  falsePositiveRate: number;
  /** Share of manipulated items called manipulated, 0 to 1. */
  truePositiveRate: number;
}

/**
 * One point for every distinct score, from (0, 0) to (1, 1). scikit-learn's `roc_curve(drop_intermediate=False)`.
 * `undefined` where a class is absent.
 */
export function rocCurve(items: Scored): RocPoint[] | undefined {
  const { positives, negatives } = countClasses(items);
  if (positives === 0 || negatives === 0) return undefined;
  return [
    { threshold: Number.POSITIVE_INFINITY, falsePositiveRate: 0, truePositiveRate: 0 },
    ...cuts(items).map((cut) => ({
      threshold: cut.threshold,
      falsePositiveRate: cut.falsePositives / negatives,
      truePositiveRate: cut.truePositives / positives,
    })),
  ];
}

/**
 * Area under the ROC curve, 0 to 1: the chance that a manipulated item scores above a real one, equal scores counting
 * half (Mann-Whitney U / mn; Hanley & McNeil 1982). Counted in integers, so ties are exact.
 * `undefined` where a class is absent.
 */
export function auc(items: Scored): number | undefined {
  const { positives, negatives } = countClasses(items);
  if (positives === 0 || negatives === 0) return undefined;
  let [before, reals, twiceU] = [0, 0, 0];
  for (const { truePositives, falsePositives } of cuts(items)) {
    // The items of this cut beat all real items below it, and tie with those in it.
    twiceU += (truePositives - before) * (2 * (negatives - falsePositives) + (falsePositives - reals));
    [before, reals] = [truePositives, falsePositives];
  }
  return twiceU / (2 * positives * negatives);
}

export interface EqualError {
  /** 0 to 1: the rate at which false alarms and misses are equal. */
  rate: number;
  /** Where that is, interpolated between neighbouring scores. */
  threshold: number;
}

/**
 * Equal error rate: where the ROC curve, its points joined by straight lines, meets FPR = 1 - TPR.
 * `undefined` where a class is absent.
 */
export function equalErrorRate(items: Scored): EqualError | undefined {
  const curve = rocCurve(items);
  if (!curve) return undefined;
  // FPR + TPR - 1 rises from -1 to 1 along the curve, so exactly one step crosses 0.
  const excess = (p: RocPoint) => p.falsePositiveRate + p.truePositiveRate - 1;
  const k = curve.findIndex((point) => excess(point) >= 0);
  const [a, b] = [curve[k - 1], curve[k]];
  const t = -excess(a) / (excess(b) - excess(a));
  return {
    rate: a.falsePositiveRate + t * (b.falsePositiveRate - a.falsePositiveRate),
    threshold: Number.isFinite(a.threshold) ? a.threshold + t * (b.threshold - a.threshold) : b.threshold,
  };
}

/**
 * The highest true positive rate of any threshold whose false positive rate is at most `limit` (0 to 1), with that
 * threshold. Not interpolated: a threshold that can be set. 0 at +Infinity where the highest scores are real items'.
 * `undefined` where a class is absent.
 */
export function truePositiveRateAt(items: Scored, limit: number): RocPoint | undefined {
  const curve = rocCurve(items);
  // The rates grow together, so the last point within the limit has the highest true positive rate; of equal ones
  // the first is kept, which raises no false alarm in vain.
  const within = curve?.filter((point) => point.falsePositiveRate <= limit);
  const best = within?.at(-1)?.truePositiveRate;
  return within?.find((point) => point.truePositiveRate === best);
}
