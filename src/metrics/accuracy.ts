/** Figures of decisions: counts of true against called class, and the shares read from them. */
import { countClasses, type Scored } from './scored.ts';

/** `counts[true class][called class]`; row and column 0 are real, 1 manipulated; more classes are methods. */
export type ConfusionMatrix = readonly (readonly number[])[];

/**
 * Counts decisions. `labels` and `called` hold class numbers from 0 to `classes - 1`.
 * Throws a plain `Error` at unequal lengths or a number outside.
 */
export function confusionMatrix(
  labels: ArrayLike<number>,
  called: ArrayLike<number>,
  classes: number,
): ConfusionMatrix {
  if (labels.length !== called.length) throw new Error(`${labels.length} labels, ${called.length} decisions`);
  const counts = Array.from({ length: classes }, () => new Array<number>(classes).fill(0));
  for (let i = 0; i < labels.length; i++) {
    if (counts[labels[i]]?.[called[i]] === undefined) {
      throw new Error(`item ${i}: class ${labels[i]} called ${called[i]}, outside 0 to ${classes - 1}`);
    }
    counts[labels[i]][called[i]]++;
  }
  return counts;
}

/** The 2x2 matrix of scores against a threshold: at or above it is called manipulated. */
export function confusionAt(items: Scored, threshold = 0.5): ConfusionMatrix {
  countClasses(items);
  const called = Array.from(items.scores, (score) => (score >= threshold ? 1 : 0));
  return confusionMatrix(items.labels, called, 2);
}

/** Share of right decisions, 0 to 1 (002, 003, 004); `undefined` without items. */
export function accuracy(matrix: ConfusionMatrix): number | undefined {
  const total = matrix.flat().reduce((sum, count) => sum + count, 0);
  if (total === 0) return undefined;
  return matrix.reduce((sum, row, k) => sum + row[k], 0) / total;
}

/**
 * Share of right decisions within each true class, 0 to 1, in class order (MesoNet, Table 3 and 4: "forged" and
 * "real" columns); `undefined` for a class without items.
 */
export function classAccuracies(matrix: ConfusionMatrix): (number | undefined)[] {
  return matrix.map((row, k) => {
    const total = row.reduce((sum, count) => sum + count, 0);
    return total === 0 ? undefined : row[k] / total;
  });
}

/**
 * Mean of the class accuracies, 0 to 1; 1 / classes is chance. `undefined` where any class has no items
 * (scikit-learn leaves such a class out, which makes figures of different sets look alike).
 */
export function balancedAccuracy(matrix: ConfusionMatrix): number | undefined {
  const shares = classAccuracies(matrix);
  let sum = 0;
  for (const share of shares) {
    if (share === undefined) return undefined;
    sum += share;
  }
  return shares.length === 0 ? undefined : sum / shares.length;
}
