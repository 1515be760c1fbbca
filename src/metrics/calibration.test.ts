import { describe, expect, it } from 'vitest';
import { Random } from '../base/random.ts';
import {
  applyIsotonic,
  applyPlatt,
  fitIsotonic,
  fitPlatt,
  fitTemperature,
  logit,
  sigmoid,
} from './calibration.ts';
import { logLoss } from './log-loss.ts';

/** Items whose true probability is sigmoid(slope * logit(score) + offset). */
function sample(count: number, slope: number, offset: number) {
  const random = new Random(11);
  const scores = Array.from({ length: count }, () => sigmoid(2 * random.normal()));
  const labels = scores.map((score) => (random.chance(sigmoid(slope * logit(score) + offset)) ? 1 : 0));
  return { labels, scores };
}

describe('Platt scaling', () => {
  it('finds the map that made the labels', () => {
    const platt = fitPlatt(sample(20_000, 0.5, -1));
    expect(platt?.slope).toBeCloseTo(0.5, 1);
    expect(platt?.offset).toBeCloseTo(-1, 1);
  });
  it('stands at a minimum of the log loss', () => {
    const items = sample(20_000, 0.5, -1);
    const at = (slope: number, offset: number) =>
      logLoss({ labels: items.labels, scores: items.scores.map((s) => applyPlatt({ slope, offset }, s)) })!;
    const { slope, offset } = fitPlatt(items)!;
    for (const [ds, d] of [
      [0.02, 0],
      [-0.02, 0],
      [0, 0.02],
      [0, -0.02],
    ]) {
      expect(at(slope + ds, offset + d)).toBeGreaterThan(at(slope, offset));
    }
  });
  it('stays finite on separable items and scores of 0 and 1', () => {
    const platt = fitPlatt({ labels: [0, 0, 1, 1], scores: [0, 0.1, 0.9, 1] })!;
    expect(platt.slope).toBeGreaterThan(0);
    expect(applyPlatt(platt, 1)).toBeLessThan(1);
    expect(fitPlatt({ labels: [1, 1], scores: [0.3, 0.4] })).toBeUndefined();
  });
});

describe('temperature', () => {
  it('finds the temperature that made the labels', () => {
    expect(fitTemperature(sample(20_000, 0.5, 0))! / 2).toBeCloseTo(1, 1);
    expect(fitTemperature(sample(20_000, 1, 0))).toBeCloseTo(1, 1);
  });
  it('is undefined without a finite minimum, or against the labels', () => {
    expect(fitTemperature({ labels: [0, 1], scores: [0.1, 0.9] })).toBeUndefined();
    expect(fitTemperature({ labels: [0, 1, 1], scores: [0.9, 0.1, 0.2] })).toBeUndefined();
    expect(fitTemperature({ labels: [1], scores: [0.9] })).toBeUndefined();
  });
});

describe('isotonic', () => {
  it('pools violators, as worked by hand', () => {
    // 0 | 1 0 -> pooled to 1/2 | 1
    const map = fitIsotonic({ labels: [0, 1, 0, 1], scores: [0.1, 0.2, 0.3, 0.4] })!;
    expect(map).toEqual({ x: [0.1, 0.2, 0.3, 0.4], y: [0, 0.5, 0.5, 1] });
    expect([0, 0.15, 0.25, 0.4, 2].map((s) => applyIsotonic(map, s))).toEqual([
      0,
      expect.closeTo(0.25, 12),
      0.5,
      1,
      1,
    ]);
    expect(fitIsotonic({ labels: [], scores: [] })).toBeUndefined();
  });
});
