/** Figures of a detector on scored faces: by picture and by video, by method, with intervals by source. */
import { aggregateFrames } from '../detect/aggregate.ts';
import type { Contract } from '../detect/contract.ts';
import { calibrate } from '../detect/verdict.ts';
import { accuracy, balancedAccuracy, confusionAt } from '../metrics/accuracy.ts';
import { groupBootstrap } from '../metrics/bootstrap.ts';
import { brierScore, logLoss } from '../metrics/log-loss.ts';
import { averagePrecision } from '../metrics/precision-recall.ts';
import { expectedCalibrationError } from '../metrics/reliability.ts';
import { auc, equalErrorRate, truePositiveRateAt } from '../metrics/roc.ts';
import type { Scored } from '../metrics/scored.ts';
import type { ScoredItem } from './score-items.ts';

/** A picture or a video with its score. */
export interface Unit {
  label: 0 | 1;
  method: string;
  /** Intervals draw whole sources. */
  source: string;
  score: number;
}

export interface Figures {
  items: number;
  real: number;
  manipulated: number;
  /** Absent where a class is. */
  auc?: { value: number; low: number; high: number };
  equalErrorRate?: number;
  averagePrecision?: number;
  /** Share of right decisions at 0.5; and the mean of both classes' shares. */
  accuracy?: number;
  balancedAccuracy?: number;
  logLoss?: number;
  brier?: number;
  /** Expected calibration error over ten bins. */
  calibrationError?: number;
  /** Share of the manipulated found where 1 % and 5 % of the real raise an alarm. */
  foundAt1?: number;
  foundAt5?: number;
}

/** Every picture for itself. */
export function byPicture(rows: readonly ScoredItem[]): Unit[] {
  return rows.map(({ item, score }) => ({
    label: item.label,
    method: item.method,
    source: item.sourceId,
    score,
  }));
}

/** The pictures of a video as one, by the contract's rule for the frames of a track. */
export function byVideo(rows: readonly ScoredItem[], contract: Contract): Unit[] {
  const videos = new Map<string, ScoredItem[]>();
  for (const row of rows) {
    // Two labels in one video are two things to find.
    const key = `${row.item.label}/${row.item.method}/${row.item.videoId}`;
    const known = videos.get(key);
    if (known) known.push(row);
    else videos.set(key, [row]);
  }
  return [...videos.values()].map((frames) => {
    const raw = aggregateFrames(
      frames.map((frame) => frame.raw),
      contract.aggregation.frames,
    );
    const [{ item }] = frames;
    return {
      label: item.label,
      method: item.method,
      source: item.sourceId,
      score: calibrate(raw, contract),
    };
  });
}

export const scoredOf = (units: readonly Unit[]): Scored => ({
  labels: units.map(({ label }) => label),
  scores: units.map(({ score }) => score),
});

/** What is undefined (no item, one class only) is left out. @param resamples Draws of the interval of the AUC. */
export function figuresOf(units: readonly Unit[], seed: number, resamples = 1000): Figures {
  const items = scoredOf(units);
  const manipulated = units.filter(({ label }) => label === 1).length;
  const area = groupBootstrap(
    units,
    ({ source }) => source,
    (drawn) => auc(scoredOf(drawn)),
    { seed, resamples },
  );
  const confusion = units.length > 0 ? confusionAt(items) : undefined;
  return defined({
    items: units.length,
    real: units.length - manipulated,
    manipulated,
    auc: area && { value: area.value, low: area.low, high: area.high },
    equalErrorRate: equalErrorRate(items)?.rate,
    averagePrecision: manipulated > 0 ? averagePrecision(items) : undefined,
    accuracy: confusion && accuracy(confusion),
    balancedAccuracy: confusion && balancedAccuracy(confusion),
    logLoss: units.length > 0 ? logLoss(items) : undefined,
    brier: units.length > 0 ? brierScore(items) : undefined,
    calibrationError: expectedCalibrationError(items),
    foundAt1: truePositiveRateAt(items, 0.01)?.truePositiveRate,
    foundAt5: truePositiveRateAt(items, 0.05)?.truePositiveRate,
  });
}

/** Each method's items against all real ones. */
export function figuresByMethod(units: readonly Unit[], seed: number): Record<string, Figures> {
  const real = units.filter(({ label }) => label === 0);
  const methods = [...new Set(units.filter(({ label }) => label === 1).map(({ method }) => method))].sort();
  return Object.fromEntries(
    methods.map((method) => [
      method,
      figuresOf([...real, ...units.filter((unit) => unit.label === 1 && unit.method === method)], seed),
    ]),
  );
}

function defined<T extends object>(values: { [K in keyof T]: T[K] | undefined }): T {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as T;
}
