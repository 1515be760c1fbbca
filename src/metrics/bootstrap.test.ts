import { describe, expect, it } from 'vitest';
import { Random } from '../base/random.ts';
import { blockBootstrap, groupBootstrap, pairedBootstrap, quantile } from './bootstrap.ts';
import { auc } from './roc.ts';

const mean = (values: readonly number[]) =>
  values.length === 0 ? undefined : values.reduce((sum, value) => sum + value, 0) / values.length;

describe('group bootstrap', () => {
  const random = new Random(5);
  const values = Array.from({ length: 400 }, () => random.normal());

  it('gives the normal interval of a mean of independent items', () => {
    const interval = groupBootstrap(
      values.map((value, i) => ({ value, id: `${i}` })),
      (item) => item.id,
      (items) => mean(items.map((item) => item.value)),
      { seed: 1, resamples: 2000 },
    )!;
    const m = mean(values)!;
    const deviation = Math.sqrt(mean(values.map((v) => (v - m) ** 2))!);
    expect(interval.value).toBe(m);
    // 1.96 standard errors on each side, within a tenth for 2,000 resamples.
    const half = (1.96 * deviation) / 20;
    expect(Math.abs(interval.low - (m - half))).toBeLessThan(half / 10);
    expect(Math.abs(interval.high - (m + half))).toBeLessThan(half / 10);
  });

  it('is wider by root 10 where each item is there ten times, and the same for the same seed', () => {
    const copies = values
      .slice(0, 100)
      .flatMap((value, i) => Array.from({ length: 10 }, () => ({ value, i })));
    const statistic = (items: { value: number }[]) => mean(items.map((item) => item.value));
    let n = 0;
    const byGroup = groupBootstrap(copies, (c) => `${c.i}`, statistic, { seed: 2 })!;
    const asIfFree = groupBootstrap(copies, () => `${n++}`, statistic, { seed: 2 })!;
    const ratio = (byGroup.high - byGroup.low) / (asIfFree.high - asIfFree.low);
    expect(ratio).toBeGreaterThan(2.7);
    expect(ratio).toBeLessThan(3.7);
    expect(groupBootstrap(copies, (c) => `${c.i}`, statistic, { seed: 2 })).toEqual(byGroup);
    expect(groupBootstrap(copies, (c) => `${c.i}`, statistic, { seed: 3 })).not.toEqual(byGroup);
  });

  it('counts resamples on which the statistic is undefined, and tells nothing of one group', () => {
    const items = [
      { label: 1, score: 0.9 },
      { label: 0, score: 0.1 },
    ];
    const statistic = (drawn: typeof items) =>
      auc({ labels: drawn.map((i) => i.label), scores: drawn.map((i) => i.score) });
    const interval = groupBootstrap(items, (i) => `${i.label}`, statistic, { seed: 1, resamples: 400 })!;
    // Two draws of two groups are one-sided half of the time.
    expect(interval.undefinedResamples / 400).toBeCloseTo(0.5, 1);
    expect([interval.low, interval.high]).toEqual([1, 1]);
    expect(groupBootstrap(items, () => 'one', statistic, { seed: 1 })).toBeUndefined();
    expect(groupBootstrap(items.slice(1), (i) => `${i.label}`, statistic, { seed: 1 })).toBeUndefined();
  });
});

describe('circular-block bootstrap', () => {
  it('sees that neighbours are alike', () => {
    const random = new Random(8);
    let state = 0;
    // AR(1) with 0.9: the mean's variance is (1 + 0.9) / (1 - 0.9) = 19 times that of independent values.
    const series = Array.from({ length: 3000 }, () => {
      state = 0.9 * state + random.normal();
      return state;
    });
    const width = (blockLength: number) => {
      const { low, high } = blockBootstrap(series, mean, { blockLength, seed: 1, resamples: 400 })!;
      return high - low;
    };
    const ratio = width(60) / width(1);
    expect(ratio).toBeGreaterThan(3.2);
    expect(ratio).toBeLessThan(5);
  });

  it('keeps the length, draws whole blocks, and covers short series', () => {
    const seen: number[][] = [];
    const interval = blockBootstrap(
      [0, 1, 2, 3, 4, 5, 6],
      (drawn) => {
        seen.push(drawn);
        return mean(drawn);
      },
      { blockLength: 3, seed: 4, resamples: 50, level: 0.9 },
    )!;
    expect(interval.level).toBe(0.9);
    for (const drawn of seen.slice(1)) {
      expect(drawn).toHaveLength(7);
      for (const k of [1, 2, 4, 5]) expect((drawn[k] - drawn[k - 1] + 7) % 7).toBe(1);
    }
    const short = blockBootstrap([0.2, 0.8], mean, { blockLength: 16, seed: 1 })!;
    expect([short.low, short.high]).toEqual([0.2, 0.8]);
    expect(blockBootstrap([0.4], mean, { blockLength: 1, seed: 1 })).toBeUndefined();
  });
});

describe('paired comparison', () => {
  const random = new Random(9);
  const clips = Array.from({ length: 200 }, (_, i) => {
    const label = i % 2;
    const shared = random.normal() * 2;
    return { id: `${i}`, label, a: label + shared, b: 1.3 * label + shared, c: label + shared };
  });
  const statistic = (key: 'a' | 'b' | 'c') => (drawn: typeof clips) =>
    mean(drawn.map((clip) => clip[key] * (clip.label ? 1 : -1)));

  it('finds a small difference on the same clips that separate intervals would hide', () => {
    const difference = pairedBootstrap(clips, (c) => c.id, statistic('b'), statistic('a'), { seed: 1 })!;
    expect(difference.value).toBeCloseTo(0.15, 12);
    expect(difference.low).toBeGreaterThan(0);
    expect(difference.p).toBeCloseTo(2 / 1001, 12);
    const alone = groupBootstrap(clips, (c) => c.id, statistic('a'), { seed: 1 })!;
    expect(alone.high - alone.low).toBeGreaterThan(0.3);
  });

  it('finds none between equals', () => {
    const difference = pairedBootstrap(clips, (c) => c.id, statistic('a'), statistic('c'), { seed: 1 })!;
    expect(difference).toMatchObject({ value: 0, low: 0, high: 0, p: 1 });
  });
});

it('quantiles are linear between neighbours', () => {
  expect([0, 0.25, 0.5, 1].map((q) => quantile([1, 2, 4], q))).toEqual([1, 1.5, 2, 4]);
  expect(quantile([3], 0.3)).toBe(3);
});
