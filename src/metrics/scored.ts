/** What every score-based metric starts from: labels, scores, and the order of the scores. */

/**
 * Items as two columns of one length. A label is 1 for manipulated (the positive class) and 0 for real; a score is
 * the probability of manipulated, or any number that grows with it where a metric only looks at the order.
 */
export interface Scored {
  readonly labels: ArrayLike<number>;
  readonly scores: ArrayLike<number>;
}

export interface ClassCounts {
  positives: number;
  negatives: number;
}

/**
 * Counts the two classes. Throws a plain `Error` (a bug of the caller, not of the user) at columns of unequal length,
 * a label other than 0 and 1, or a score that is not finite: a failure must never enter a figure.
 */
export function countClasses({ labels, scores }: Scored): ClassCounts {
  if (labels.length !== scores.length) {
    throw new Error(`${labels.length} labels, but ${scores.length} scores`);
  }
  let positives = 0;
  for (let i = 0; i < labels.length; i++) {
    if (labels[i] !== 0 && labels[i] !== 1) throw new Error(`label ${i} is ${labels[i]}, not 0 or 1`);
    if (!Number.isFinite(scores[i])) throw new Error(`score ${i} is ${scores[i]}, not a finite number`);
    positives += labels[i];
  }
  return { positives, negatives: labels.length - positives };
}

/** Counts above or at one distinct score. */
export interface Cut {
  /** Items with this score or a higher one are called manipulated. */
  threshold: number;
  truePositives: number;
  falsePositives: number;
}

/** Cumulated counts at every distinct score, highest first: items with equal scores always fall together. */
export function cuts({ labels, scores }: Scored): Cut[] {
  const order = Uint32Array.from({ length: labels.length }, (_, i) => i);
  order.sort((a, b) => scores[b] - scores[a]);
  const out: Cut[] = [];
  let [truePositives, falsePositives] = [0, 0];
  for (let k = 0; k < order.length; k++) {
    if (labels[order[k]] === 1) truePositives++;
    else falsePositives++;
    const threshold = scores[order[k]];
    if (k + 1 < order.length && scores[order[k + 1]] === threshold) continue;
    out.push({ threshold, truePositives, falsePositives });
  }
  return out;
}
