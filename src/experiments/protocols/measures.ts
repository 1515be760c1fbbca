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
