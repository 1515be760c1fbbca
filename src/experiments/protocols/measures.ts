/** Figures that the documents' tables hold, from scored pictures. */
import { logLoss } from '../../metrics/log-loss.ts';
import { auc } from '../../metrics/roc.ts';
import {
  addPixels,
  backgroundIou,
  foregroundIou,
  meanIou,
  noPixels,
  type PixelCounts,
  pixelAccuracy,
} from '../../metrics/segmentation.ts';
import { meanOf } from './protocol.ts';
import type { ScoredPicture } from './score-run.ts';

/** The items of one method; `original` for untouched ones. */
export const ofMethod = (rows: readonly ScoredPicture[], method: string) =>
  rows.filter(({ item }) => item.method === method);

/** Share of right decisions, undefined without pictures. */
export function accuracyOf(rows: readonly ScoredPicture[]): number | undefined {
  return meanOf(rows.map(({ item, called }) => (called === item.label ? 1 : 0)));
}

/** Mean of both classes' accuracies: what chance makes 0.5, however many of each there are. */
export function balancedOf(rows: readonly ScoredPicture[]): number | undefined {
  const sides = [0, 1].map((label) => accuracyOf(rows.filter(({ item }) => item.label === label)));
  return sides.some((side) => side === undefined) ? undefined : meanOf(sides);
}

/**
 * The threshold at which both classes' accuracies have the greatest mean: what a paper that does not tell its own leaves to
 * validation data. Between two scores, so that it holds for neither by a hair; 0.5 where one class is missing.
 */
export function bestThreshold(rows: readonly ScoredPicture[]): number {
  const counts = [0, 1].map((label) => rows.filter(({ item }) => item.label === label).length);
  if (counts.includes(0)) return 0.5;
  const sorted = rows.toSorted((a, b) => a.score - b.score);
  // At 0 everything is called manipulated: all of one class right, none of the other.
  let [best, right, threshold] = [1, 1, 0];
  for (const [k, { item, score }] of sorted.entries()) {
    right += (item.label === 0 ? 1 : -1) / counts[item.label];
    const next = sorted[k + 1]?.score ?? 1;
    if (right > best && next > score) [best, threshold] = [right, (score + next) / 2];
  }
  return threshold;
}

/** The same pictures decided at another threshold. */
export const decidedAt = (rows: readonly ScoredPicture[], threshold: number): ScoredPicture[] =>
  rows.map((row) => ({ ...row, called: row.score >= threshold ? 1 : 0 }));

export const scoredOf = (rows: readonly ScoredPicture[]) => ({
  labels: rows.map(({ item }) => item.label),
  scores: rows.map(({ score }) => score),
});

export const aucOf = (rows: readonly ScoredPicture[]) => auc(scoredOf(rows));

export const logLossOf = (rows: readonly ScoredPicture[]) =>
  rows.length === 0 ? undefined : logLoss(scoredOf(rows));

/** All pixels of these pictures together; undefined where no picture has a map. */
export function pixelsOf(rows: readonly ScoredPicture[]): PixelCounts | undefined {
  const counted = rows.flatMap(({ pixels }) => (pixels ? [pixels] : []));
  return counted.length === 0 ? undefined : counted.reduce(addPixels, noPixels);
}

export interface Ious {
  mean: number | undefined;
  background: number | undefined;
  foreground: number | undefined;
  accuracy: number | undefined;
}

/** Of untouched pictures the foreground is empty, and the mean IoU is the background's (003, Table 2, column P). */
export function iousOf(rows: readonly ScoredPicture[]): Ious {
  const pixels = pixelsOf(rows);
  if (!pixels) return { mean: undefined, background: undefined, foreground: undefined, accuracy: undefined };
  const untouched = rows.every(({ item }) => item.label === 0);
  const background = backgroundIou(pixels);
  return {
    mean: untouched ? background : meanIou(pixels),
    background,
    foreground: untouched ? undefined : foregroundIou(pixels),
    accuracy: pixelAccuracy(pixels),
  };
}

/**
 * Whether a network finds any of what was changed. A map without a manipulated pixel has the background's share as its
 * IoU, which tells of the map's grid alone.
 */
export function marksAnything(rows: readonly ScoredPicture[]): boolean {
  return (iousOf(rows.filter(({ item }) => item.label === 1)).foreground ?? 0) > 0.05;
}
