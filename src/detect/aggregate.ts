/** From frame scores to a track's score, and from tracks to the clip's. Each rule is named in the contract. */
import type { Aggregation } from './contract.ts';

/**
 * Score of a track from the scores of its faces, in order of time. Scores and result are probabilities.
 *
 * - `mean`: MesoNet 3.4. With the sampling `keyframes` it is MesoNet 3.5, aggregation on intra-frames.
 * - `top-k`: mean of the highest `share` of the scores, at least one: a forgery may show in few frames.
 * - `max`: the highest score.
 * - `confident` (DFDC winner's rule): where more than 40 % and more than 11 scores exceed .8, the mean of those;
 *   else where more than 90 % lie below .2, the mean of those; else the mean of all.
 *
 * @throws Error on an empty list: a track without scores has no score.
 */
export function aggregateFrames(scores: readonly number[], rule: Aggregation['frames']): number {
  if (scores.length === 0) throw new Error('no scores to aggregate');
  switch (rule.kind) {
    case 'mean':
      return mean(scores);
    case 'max':
      return Math.max(...scores);
    case 'top-k': {
      const count = Math.max(1, Math.round(rule.share * scores.length));
      return mean(scores.toSorted((a, b) => b - a).slice(0, count));
    }
    case 'confident': {
      const high = scores.filter((score) => score > 0.8);
      if (high.length > 0.4 * scores.length && high.length > 11) return mean(high);
      const low = scores.filter((score) => score < 0.2);
      return low.length > 0.9 * scores.length ? mean(low) : mean(scores);
    }
  }
}

/** Score of a clip from its tracks' scores. */
export function aggregateTracks(scores: readonly number[], rule: Aggregation['tracks']): number {
  if (scores.length === 0) throw new Error('no tracks to aggregate');
  return rule === 'max' ? Math.max(...scores) : mean(scores);
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** `mean`, `top-k:0.25`, `max`, `confident`: what commands and results call a rule. */
export function formatAggregation(rule: Aggregation['frames']): string {
  return rule.kind === 'top-k' ? `top-k:${rule.share}` : rule.kind;
}

/** The inverse; undefined where the text names no rule. */
export function parseAggregation(text: string): Aggregation['frames'] | undefined {
  if (text === 'mean' || text === 'max' || text === 'confident') return { kind: text };
  const match = /^top-k(?::(\d*\.?\d+))?$/.exec(text);
  if (!match) return undefined;
  const share = Number(match[1] ?? 0.25);
  return share > 0 && share <= 1 ? { kind: 'top-k', share } : undefined;
}
