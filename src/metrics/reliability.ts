/** Are scores probabilities? Of the items scored about 0.7, are 70 % manipulated? */
import { checkProbabilities } from './log-loss.ts';
import type { Scored } from './scored.ts';

export interface ReliabilityBin {
  /** The bin holds scores in (low, high]; the first one also its lower end. */
  low: number;
  high: number;
  count: number;
  meanScore: number;
  /** Share of the bin's items that are manipulated. */
  manipulated: number;
}

/**
 * Reliability curve: `bins` equally wide bins over [0, 1], empty ones left out (scikit-learn's `calibration_curve`,
 * strategy "uniform"). Throws a plain `Error` at a score outside [0, 1].
 */
export function reliabilityCurve(items: Scored, bins = 10): ReliabilityBin[] {
  checkProbabilities(items);
  const { labels, scores } = items;
  const sums = Array.from({ length: bins }, (_, k) => ({
    low: k / bins,
    high: (k + 1) / bins,
    count: 0,
    score: 0,
    positives: 0,
  }));
  for (let i = 0; i < scores.length; i++) {
    const bin = sums[Math.max(0, Math.ceil(scores[i] * bins) - 1)];
    bin.count++;
    bin.score += scores[i];
    bin.positives += labels[i];
  }
  return sums
    .filter(({ count }) => count > 0)
    .map(({ low, high, count, score, positives }) => ({
      low,
      high,
      count,
      meanScore: score / count,
      manipulated: positives / count,
    }));
}

/**
 * Expected calibration error, 0 to 1: |mean score - share manipulated|, averaged over the bins by their counts
 * (Naeini et al. 2015, for the positive class; it depends on `bins`, so state them). `undefined` without items.
 */
export function expectedCalibrationError(items: Scored, bins = 10): number | undefined {
  if (items.scores.length === 0) return undefined;
  const curve = reliabilityCurve(items, bins);
  return (
    curve.reduce((sum, bin) => sum + bin.count * Math.abs(bin.meanScore - bin.manipulated), 0) /
    items.scores.length
  );
}
