/**
 * Whether the classes can be told apart by the files alone. A network that is trained on such a set learns the encoder
 * and not the forgery; so a small model sees nothing but file size, JPEG tables, resolution, codec and black borders,
 * and its AUC on sources that it was not fitted on is what a set gives away.
 */
import { hash32 } from '../../base/random.ts';
import { auc } from '../../metrics/roc.ts';
import type { Item } from '../manifest.ts';
import { fitLogistic, scoreLogistic } from './logistic.ts';

export interface Shortcuts {
  /** Cross-validated, five folds by source. */
  auc: number;
  /** 95 % interval (Hanley & McNeil 1982). */
  interval: [number, number];
  items: number;
  /** AUC of each feature by itself, in its better direction, the strongest first. */
  features: { name: string; auc: number }[];
}

const folds = 5;
/** The fewest items of a class from which anything is said. */
export const leastOfClass = 20;
const mostRows = 6000;

/** Undefined where a class has fewer than 20 items or all lie in one fold. */
export function findShortcuts(
  items: readonly Item[],
  features: readonly Readonly<Record<string, number>>[],
): Shortcuts | undefined {
  const order = [...items.keys()]
    .sort((a, b) => hash32(`lint/${items[a].id}`) - hash32(`lint/${items[b].id}`))
    .slice(0, mostRows);
  const labels = order.map((index) => items[index].label as number);
  const positives = labels.reduce((sum, label) => sum + label, 0);
  if (Math.min(positives, labels.length - positives) < leastOfClass) return undefined;
  const names = [...new Set(order.flatMap((index) => Object.keys(features[index])))].sort();
  const spread = names.filter((name) => {
    const first = features[order[0]][name] ?? 0;
    return order.some((index) => (features[index][name] ?? 0) !== first);
  });
  const columns = spread.map((name) => order.map((index) => features[index][name] ?? 0));
  // Squares of the distance from the middle: one class at one quality, the other scattered around it.
  const squares = columns.map((values) => {
    const middle = [...values].sort((a, b) => a - b)[values.length >> 1];
    return values.map((value) => (value - middle) ** 2);
  });
  const rows = order.map((_, k) => [...columns, ...squares].map((values) => values[k]));
  const fold = order.map((index) => (hash32(`fold/${items[index].sourceId}`) >>> 0) % folds);
  const scores = new Array<number>(order.length).fill(0);
  for (let held = 0; held < folds; held++) {
    const inside = [...order.keys()].filter((k) => fold[k] !== held);
    const kinds = new Set(inside.map((k) => labels[k]));
    if (inside.length === order.length) continue;
    if (kinds.size < 2) return undefined;
    const model = fitLogistic(
      inside.map((k) => rows[k]),
      inside.map((k) => labels[k]),
    );
    for (const k of order.keys()) if (fold[k] === held) scores[k] = scoreLogistic(model, rows[k]);
  }
  const value = rows[0].length === 0 ? 0.5 : (auc({ labels, scores }) ?? 0.5);
  const half = 1.96 * standardError(value, positives, labels.length - positives);
  const single = spread.map((name, c) => {
    const alone = auc({ labels, scores: columns[c] }) ?? 0.5;
    return { name, auc: Math.max(alone, 1 - alone) };
  });
  return {
    auc: value,
    interval: [Math.max(0, value - half), Math.min(1, value + half)],
    items: order.length,
    features: single.sort((a, b) => b.auc - a.auc),
  };
}

/** Hanley & McNeil 1982, eq. 2. */
function standardError(a: number, positives: number, negatives: number): number {
  const [q1, q2] = [a / (2 - a), (2 * a * a) / (1 + a)];
  const variance = a * (1 - a) + (positives - 1) * (q1 - a * a) + (negatives - 1) * (q2 - a * a);
  return Math.sqrt(Math.max(0, variance) / (positives * negatives));
}
