/** Proper scoring rules: they reward probabilities that are right, not only well ordered. */
import { countClasses, type Scored } from './scored.ts';

/** Scores are pulled into [clip, 1 - clip] first: one certain error would be infinite. scikit-learn 1.2's old default. */
export const logLossClip = 1e-15;

/**
 * Mean of -ln(probability given to the true class), in nats: 0 at best, ln 2 = 0.693 for a constant 0.5, at most
 * -ln(clip) (002, Tables; DFDC's ranking). One class alone is defined; `undefined` without items.
 * Throws a plain `Error` at a score outside [0, 1].
 */
export function logLoss(items: Scored, options: { clip?: number } = {}): number | undefined {
  checkProbabilities(items);
  const { clip = logLossClip } = options;
  const { labels, scores } = items;
  if (labels.length === 0) return undefined;
  let sum = 0;
  for (let i = 0; i < labels.length; i++) {
    const p = Math.min(1 - clip, Math.max(clip, scores[i]));
    sum -= labels[i] === 1 ? Math.log(p) : Math.log1p(-p);
  }
  return sum / labels.length;
}

/**
 * Brier score (1950): mean squared distance of the score from the label, 0 to 1; 0.25 for a constant 0.5.
 * `undefined` without items. Throws a plain `Error` at a score outside [0, 1].
 */
export function brierScore(items: Scored): number | undefined {
  checkProbabilities(items);
  const { labels, scores } = items;
  if (labels.length === 0) return undefined;
  let sum = 0;
  for (let i = 0; i < labels.length; i++) sum += (scores[i] - labels[i]) ** 2;
  return sum / labels.length;
}

/** Throws a plain `Error` where a score is not a probability. */
export function checkProbabilities(items: Scored): void {
  countClasses(items);
  for (let i = 0; i < items.scores.length; i++) {
    if (!(items.scores[i] >= 0 && items.scores[i] <= 1)) {
      throw new Error(`score ${i} is ${items.scores[i]}, not a probability`);
    }
  }
}
