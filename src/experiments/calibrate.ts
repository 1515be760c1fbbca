/**
 * Calibration of a finished detector: its scores become probabilities, its thresholds keep to stated error rates, and
 * what it gets wrong at which quality is written into its contract.
 */
import type { Contract } from '../detect/contract.ts';
import { calibrate } from '../detect/verdict.ts';
import { fitPlatt } from '../metrics/calibration.ts';
import { rocCurve } from '../metrics/roc.ts';
import type { Scored } from '../metrics/scored.ts';
import type { Condition } from './conditions.ts';
import { byVideo, figuresOf, scoredOf, type Unit } from './figures.ts';
import type { ScoredItem } from './score-items.ts';

/** Error rates that the thresholds aim at. */
export interface Limits {
  /** Most real videos that may be called "manipulation likely", as a share. */
  falseAlarms: number;
  /** Most manipulated videos that may be called "no manipulation found", as a share. */
  misses: number;
}

export const defaultLimits: Limits = { falseAlarms: 0.02, misses: 0.1 };

export interface AtCondition {
  condition: Condition;
  rows: readonly ScoredItem[];
}

/** Two scores this far apart are worth a word in between. */
const leastGap = 1e-3;

/**
 * The contract with calibration, thresholds, rates by quality and figures measured on these scores. All conditions
 * weigh alike in the calibration, since a clip's history is unknown; the thresholds keep to the limits at each of them.
 *
 * @param protocol What was scored, in words: goes into the contract's figures.
 * @throws Error where a class is absent, or where scores fall as items are manipulated
 */
export function calibrateContract(
  contract: Contract,
  measured: readonly AtCondition[],
  protocol: string,
  { limits = defaultLimits, seed = 1 }: { limits?: Limits; seed?: number } = {},
): Contract {
  const plain: Contract = { ...contract, calibration: { kind: 'none' } };
  const raw = measured.flatMap(({ rows }) => byVideo(rows, plain));
  const platt = fitPlatt(scoredOf(raw));
  if (platt === undefined) throw new Error('calibration needs real and manipulated items');
  if (platt.slope <= 0) {
    throw new Error(
      `its scores fall where items are manipulated (slope ${platt.slope.toFixed(3)}): a detector that is worse than chance is not calibrated`,
    );
  }
  const calibrated: Contract = { ...contract, calibration: { kind: 'platt', ...platt } };
  const score = (units: readonly Unit[]) =>
    units.map((unit) => ({ ...unit, score: calibrate(unit.score, calibrated) }));
  // Of single pictures each is a video of its own.
  const noun = raw.length === measured.reduce((sum, { rows }) => sum + rows.length, 0) ? 'picture' : 'video';
  const units = measured.map(({ condition, rows }) => ({ condition, units: score(byVideo(rows, plain)) }));
  const each = units.map((one) => thresholdsAt(scoredOf(one.units), limits));
  const thresholds = strictest(each);
  return {
    ...calibrated,
    thresholds: {
      ...thresholds,
      basis: `At each of ${units.length} qualities, at most ${percent(limits.falseAlarms)} of real ${noun}s above and at most ${percent(limits.misses)} of manipulated ones below: ${protocol}.`,
    },
    quality: {
      ...contract.quality,
      measured: units.map((one) => ({
        condition: one.condition.words,
        ...(one.condition.scale === undefined
          ? {}
          : { maxFacePixels: Math.round(contract.input.width * one.condition.scale) }),
        ...ratesAt(one.units, thresholds),
      })),
    },
    figures: units.flatMap((one) => {
      const { auc, calibrationError } = figuresOf(one.units, seed);
      const at = `${one.units.length} ${noun}s, ${one.condition.words}; ${protocol}`;
      return [
        ...(auc
          ? [
              {
                metric: `AUC by ${noun}`,
                value: rounded(auc.value),
                interval: [rounded(auc.low), rounded(auc.high)] as [number, number],
                protocol: at,
              },
            ]
          : []),
        ...(calibrationError === undefined
          ? []
          : [{ metric: 'expected calibration error', value: rounded(calibrationError), protocol: at }]),
      ];
    }),
  };
}

/**
 * `likely`: the lowest score above which at most the wanted share of real items lies; `notFound`: the highest below
 * which at most the wanted share of manipulated ones lies. Where the classes are so far apart that the two cross, they
 * change places, and both rates lie below what was wanted.
 * @throws Error where a class is absent
 */
export function thresholdsAt(items: Scored, limits: Limits): { likely: number; notFound: number } {
  const curve = rocCurve(items);
  if (!curve) throw new Error('thresholds need real and manipulated items');
  // The curve falls in threshold: the last point within the limit alarms most.
  const alarms = curve.filter(({ falsePositiveRate }) => falsePositiveRate <= limits.falseAlarms).at(-1);
  // At or below `notFound`: one step under the cut that still calls enough of them manipulated.
  const k = curve.findIndex(({ truePositiveRate }) => truePositiveRate >= 1 - limits.misses);
  const below = curve[k + 1]?.threshold ?? 0;
  const bound = (value: number) => Math.min(0.999, Math.max(0.001, value));
  const [low, high] = [bound(below), bound(alarms?.threshold ?? 1)].sort((a, b) => a - b);
  return { notFound: low, likely: Math.max(high, Math.min(1, low + leastGap)) };
}

/** The limits hold at every quality: the highest `likely`, the lowest `notFound`; rounded away from each other. */
function strictest(each: readonly { likely: number; notFound: number }[]): {
  likely: number;
  notFound: number;
} {
  const likely = Math.max(...each.map((one) => one.likely));
  const notFound = Math.min(...each.map((one) => one.notFound));
  return { likely: Math.min(1, Math.ceil(likely * 1e4) / 1e4), notFound: Math.floor(notFound * 1e4) / 1e4 };
}

/** Shares of wrong verdicts at these thresholds. */
export function ratesAt(units: readonly Unit[], { likely, notFound }: { likely: number; notFound: number }) {
  const share = (label: 0 | 1, wrong: (score: number) => boolean) => {
    const of = units.filter((unit) => unit.label === label);
    return of.length === 0 ? undefined : of.filter(({ score }) => wrong(score)).length / of.length;
  };
  const [falseAlarms, misses] = [share(0, (s) => s >= likely), share(1, (s) => s <= notFound)];
  return {
    tracks: units.length,
    ...(falseAlarms === undefined ? {} : { falseAlarms: rounded(falseAlarms) }),
    ...(misses === undefined ? {} : { misses: rounded(misses) }),
  };
}

/** What a reader can use; more digits would be noise. */
const rounded = (value: number) => Math.round(value * 1e4) / 1e4;

const percent = (value: number) => `${Math.round(value * 1000) / 10} %`;
