import { describe, expect, it } from 'vitest';
import { aggregateFrames, aggregateTracks, formatAggregation, parseAggregation } from './aggregate.ts';

describe('aggregateFrames', () => {
  it('takes the mean (MesoNet 3.4)', () => {
    expect(aggregateFrames([0.2, 0.4, 0.9], { kind: 'mean' })).toBeCloseTo(0.5, 12);
  });

  it('takes the mean of the highest share, at least one score', () => {
    const scores = [0.1, 0.9, 0.2, 0.7];
    expect(aggregateFrames(scores, { kind: 'top-k', share: 0.5 })).toBeCloseTo(0.8, 12);
    expect(aggregateFrames(scores, { kind: 'top-k', share: 0.01 })).toBe(0.9);
    expect(aggregateFrames(scores, { kind: 'top-k', share: 1 })).toBeCloseTo(0.475, 12);
  });

  it('takes the maximum', () => {
    expect(aggregateFrames([0.1, 0.9, 0.2], { kind: 'max' })).toBe(0.9);
  });

  const many = (count: number, score: number) => Array<number>(count).fill(score);

  it('is confident of a forgery with more than 11 and more than 40 % of scores above .8', () => {
    const scores = [...many(12, 0.9), ...many(17, 0.3)];
    expect(aggregateFrames(scores, { kind: 'confident' })).toBeCloseTo(0.9, 12);
  });

  it('is not confident with 11 scores above .8, nor with 40 % of them', () => {
    const eleven = [...many(11, 0.9), ...many(2, 0.3)];
    expect(aggregateFrames(eleven, { kind: 'confident' })).toBeCloseTo((11 * 0.9 + 2 * 0.3) / 13, 12);
    const share = [...many(12, 0.9), ...many(18, 0.3)];
    expect(aggregateFrames(share, { kind: 'confident' })).toBeCloseTo((12 * 0.9 + 18 * 0.3) / 30, 12);
  });

  it('is confident of none with more than 90 % below .2, and means those only', () => {
    const scores = [...many(19, 0.1), 0.9];
    expect(aggregateFrames(scores, { kind: 'confident' })).toBeCloseTo(0.1, 12);
    const ninety = [...many(9, 0.1), 0.9];
    expect(aggregateFrames(ninety, { kind: 'confident' })).toBeCloseTo(0.18, 12);
  });

  it('has no score for no faces', () => {
    expect(() => aggregateFrames([], { kind: 'mean' })).toThrow('no scores');
  });
});

describe('aggregateTracks', () => {
  it('takes the worst or the mean of the people', () => {
    expect(aggregateTracks([0.1, 0.8], 'max')).toBe(0.8);
    expect(aggregateTracks([0.1, 0.8], 'mean')).toBeCloseTo(0.45, 12);
    expect(() => aggregateTracks([], 'max')).toThrow('no tracks');
  });
});

describe('names of rules', () => {
  it('go there and back', () => {
    for (const text of ['mean', 'max', 'confident', 'top-k:0.4']) {
      const rule = parseAggregation(text);
      expect(rule && formatAggregation(rule)).toBe(text);
    }
    expect(parseAggregation('top-k')).toEqual({ kind: 'top-k', share: 0.25 });
  });

  it('are refused when they name nothing', () => {
    for (const text of ['median', 'top-k:0', 'top-k:1.5', 'Mean', ''])
      expect(parseAggregation(text)).toBeUndefined();
  });
});
