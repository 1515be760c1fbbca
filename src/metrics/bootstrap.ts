/** Percentile bootstrap intervals (Efron & Tibshirani 1993, chapter 13), seeded. */
import { Random } from '../base/random.ts';

export interface BootstrapOptions {
  seed: number;
  /** Resamples drawn; default 1,000. */
  resamples?: number;
  /** Share of the resampled values inside the interval, 0 to 1; default 0.95. */
  level?: number;
}

export interface Interval {
  /** The statistic of the items as they are. */
  value: number;
  low: number;
  high: number;
  level: number;
  resamples: number;
  /** Resamples on which the statistic was undefined (one class drawn only); the interval is over the others. */
  undefinedResamples: number;
}

type Statistic<T> = (items: T[]) => number | undefined;

/**
 * Interval of a statistic whose items come in groups (the frames of a video, the videos of one identity): whole groups
 * are drawn with replacement, since items of one group are not independent. With a group an item it is the plain
 * bootstrap. `undefined` where the statistic of all items is, or where fewer than two groups or no resample tell.
 */
export function groupBootstrap<T>(
  items: readonly T[],
  groupOf: (item: T) => string,
  statistic: Statistic<T>,
  options: BootstrapOptions,
): Interval | undefined {
  const value = statistic([...items]);
  const groups = grouped(items, groupOf);
  if (value === undefined || groups.length < 2) return undefined;
  const random = new Random(options.seed, 'bootstrap');
  return summarise(value, options, () => statistic(drawGroups(groups, random)));
}

/**
 * Interval of a statistic of a series whose neighbours are alike (scores of one track's frames): blocks of
 * `blockLength` values are drawn with replacement and joined to the series' length. The series is closed to a ring
 * (circular blocks: Politis & Romano 1992), since plain moving blocks draw the first and last values too rarely.
 * Blocks should outlast the likeness; blocks of 1 assume none. A block longer than the series is cut to half of it,
 * rounded up: one block alone would give an interval of width 0. `undefined` with fewer than two values.
 */
export function blockBootstrap(
  values: ArrayLike<number>,
  statistic: Statistic<number>,
  options: BootstrapOptions & { blockLength: number },
): Interval | undefined {
  const series = Array.from(values);
  const value = statistic([...series]);
  if (value === undefined || series.length < 2) return undefined;
  const length = Math.max(1, Math.min(Math.floor(options.blockLength), Math.ceil(series.length / 2)));
  const random = new Random(options.seed, 'block-bootstrap');
  return summarise(value, options, () => {
    const drawn: number[] = [];
    while (drawn.length < series.length) {
      const start = random.integer(0, series.length - 1);
      for (let k = 0; k < length && drawn.length < series.length; k++)
        drawn.push(series[(start + k) % series.length]);
    }
    return statistic(drawn);
  });
}

export interface PairedComparison extends Interval {
  /**
   * Two-sided bootstrap p of "no difference": twice the smaller share of resampled differences on either side of 0,
   * counting 0 on both and one resample more, so never 0. A guide, not an exact test.
   */
  p: number;
}

/**
 * Difference first - second of two detectors' statistic on the same items (each item carries both scores), with whole
 * groups drawn once for both: what the clips have in common cancels out. `undefined` as in {@link groupBootstrap}.
 */
export function pairedBootstrap<T>(
  items: readonly T[],
  groupOf: (item: T) => string,
  first: Statistic<T>,
  second: Statistic<T>,
  options: BootstrapOptions,
): PairedComparison | undefined {
  const difference: Statistic<T> = (drawn) => {
    const [a, b] = [first(drawn), second(drawn)];
    return a === undefined || b === undefined ? undefined : a - b;
  };
  let [below, above, told] = [0, 0, 0];
  let original = true;
  const counting: Statistic<T> = (drawn) => {
    const value = difference(drawn);
    if (value === undefined || original) {
      original = false;
      return value;
    }
    told++;
    if (value <= 0) below++;
    if (value >= 0) above++;
    return value;
  };
  const interval = groupBootstrap(items, groupOf, counting, options);
  if (!interval) return undefined;
  return { ...interval, p: Math.min(1, (2 * (Math.min(below, above) + 1)) / (told + 1)) };
}

function grouped<T>(items: readonly T[], groupOf: (item: T) => string): T[][] {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const group = groups.get(groupOf(item));
    if (group) group.push(item);
    else groups.set(groupOf(item), [item]);
  }
  return [...groups.values()];
}

function drawGroups<T>(groups: readonly T[][], random: Random): T[] {
  const drawn: T[] = [];
  for (let k = 0; k < groups.length; k++) for (const item of random.pick(groups)) drawn.push(item);
  return drawn;
}

function summarise(
  value: number,
  options: BootstrapOptions,
  resample: () => number | undefined,
): Interval | undefined {
  const { resamples = 1000, level = 0.95 } = options;
  if (!(level > 0 && level < 1) || !(resamples >= 1))
    throw new Error(`level ${level}, ${resamples} resamples`);
  const drawn: number[] = [];
  for (let k = 0; k < resamples; k++) {
    const sample = resample();
    if (sample !== undefined) drawn.push(sample);
  }
  if (drawn.length === 0) return undefined;
  drawn.sort((a, b) => a - b);
  return {
    value,
    low: quantile(drawn, (1 - level) / 2),
    high: quantile(drawn, (1 + level) / 2),
    level,
    resamples,
    undefinedResamples: resamples - drawn.length,
  };
}

/** Quantile of ascending values, linear between neighbours (numpy's default). */
export function quantile(ascending: ArrayLike<number>, share: number): number {
  if (ascending.length === 0) throw new Error('no values');
  const at = share * (ascending.length - 1);
  const k = Math.min(Math.floor(at), ascending.length - 2);
  if (k < 0) return ascending[0];
  return ascending[k] + (at - k) * (ascending[k + 1] - ascending[k]);
}
