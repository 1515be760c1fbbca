import { describe, expect, it } from 'vitest';
import { Random } from '../base/random.ts';
import { auc, equalErrorRate, rocCurve, truePositiveRateAt } from './roc.ts';

describe('AUC', () => {
  it('counts pairs, ties half', () => {
    // Pairs (manipulated, real): .8>.6 .8>.2 .6=.6 .6>.2 = 3.5 of 4.
    expect(auc({ labels: [1, 1, 0, 0], scores: [0.8, 0.6, 0.6, 0.2] })).toBe(3.5 / 4);
    expect(auc({ labels: [1, 0], scores: [0.3, 0.3] })).toBe(0.5);
    expect(auc({ labels: [1, 0], scores: [0.1, 0.9] })).toBe(0);
  });

  it('equals the count over all pairs, whatever the order of the items', () => {
    const random = new Random(3);
    const items = Array.from({ length: 90 }, () => ({
      label: random.integer(0, 1),
      score: random.integer(0, 12) / 12,
    }));
    let [wins, pairs] = [0, 0];
    for (const a of items.filter((item) => item.label === 1)) {
      for (const b of items.filter((item) => item.label === 0)) {
        wins += a.score > b.score ? 1 : a.score === b.score ? 0.5 : 0;
        pairs++;
      }
    }
    for (const order of [items, random.shuffle(items)]) {
      const columns = { labels: order.map((i) => i.label), scores: order.map((i) => i.score) };
      expect(auc(columns)).toBe(wins / pairs);
    }
  });

  it('is undefined with one class or none, and refuses what is not a score', () => {
    for (const labels of [[], [1, 1], [0]]) {
      const items = { labels, scores: labels.map(() => 0.5) };
      expect([auc(items), rocCurve(items), equalErrorRate(items), truePositiveRateAt(items, 0.1)]).toEqual([
        undefined,
        undefined,
        undefined,
        undefined,
      ]);
    }
    expect(() => auc({ labels: [1, 0], scores: [Number.NaN, 0.2] })).toThrow('score 0 is NaN');
    expect(() => auc({ labels: [1, 2], scores: [0.1, 0.2] })).toThrow('label 1 is 2');
    expect(() => auc({ labels: [1], scores: [] })).toThrow('1 labels, but 0 scores');
  });
});

describe('equal error rate', () => {
  it('is read where false alarms and misses meet', () => {
    // At 0.6: FPR 1/3, TPR 2/3, so both errors are 1/3 without interpolation.
    const items = { labels: [1, 0, 1, 0, 1, 0], scores: [0.9, 0.7, 0.6, 0.5, 0.4, 0.1] };
    expect(equalErrorRate(items)?.rate).toBeCloseTo(1 / 3, 14);
    expect(equalErrorRate(items)?.threshold).toBe(0.6);
    expect(equalErrorRate({ labels: [1, 0], scores: [0.9, 0.1] })).toEqual({ rate: 0, threshold: 0.9 });
    expect(equalErrorRate({ labels: [1, 0], scores: [0.1, 0.9] })?.rate).toBe(1);
  });

  it('interpolates inside a tie', () => {
    // One step from (0, 0) to (1, 1): the diagonal meets FPR = 1 - TPR at a half.
    expect(equalErrorRate({ labels: [1, 0, 0], scores: [0.4, 0.4, 0.4] })?.rate).toBe(0.5);
  });
});

describe('TPR at a fixed FPR', () => {
  const items = {
    labels: [1, 1, 0, 1, 0, 0, 0, 1],
    scores: [0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2],
  };
  it('takes the best threshold within the limit', () => {
    expect(truePositiveRateAt(items, 0)).toMatchObject({ truePositiveRate: 0.5, threshold: 0.8 });
    expect(truePositiveRateAt(items, 0.24)).toMatchObject({ truePositiveRate: 0.5 });
    expect(truePositiveRateAt(items, 0.25)).toMatchObject({ truePositiveRate: 0.75, threshold: 0.6 });
    expect(truePositiveRateAt(items, 0.6)).toMatchObject({ truePositiveRate: 0.75, falsePositiveRate: 0.25 });
  });
  it('is 0 where real items score highest', () => {
    expect(truePositiveRateAt({ labels: [0, 1], scores: [0.9, 0.1] }, 0.01)).toMatchObject({
      truePositiveRate: 0,
      threshold: Number.POSITIVE_INFINITY,
    });
  });
});
