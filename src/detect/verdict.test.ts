import { describe, expect, it } from 'vitest';
import { logit, sigmoid } from '../metrics/calibration.ts';
import type { Aggregation, Contract } from './contract.ts';
import type { TrackResult, Verdict } from './result.ts';
import { judgeClip, judgeTrack } from './verdict.ts';

const aggregation: Aggregation = { frames: { kind: 'mean' }, tracks: 'max' };

function contract(over: Partial<Contract> = {}): Contract {
  return {
    thresholds: { likely: 0.8, notFound: 0.3, basis: 'test' },
    calibration: { kind: 'none' },
    quality: { minFacePixels: 1, minSharpness: 0, minMeshConfidence: 0, minFaces: 4, measured: [] },
    ...over,
  } as Contract;
}

const times = (count: number, step = 0.2) => Array.from({ length: count }, (_, i) => i * step);
const steady = (count: number, score: number) => Array<number>(count).fill(score);

function judge(raw: number[], over?: Partial<Contract>) {
  return judgeTrack(raw, times(raw.length), contract(over), aggregation, 1);
}

describe('judgeTrack', () => {
  it('says what the thresholds say of steady scores, with a tight interval', () => {
    expect(judge(steady(20, 0.95))).toMatchObject({ verdict: 'manipulation_likely', reasons: [] });
    expect(judge(steady(20, 0.1))).toMatchObject({ verdict: 'no_manipulation_found', reasons: [] });
    const middle = judge(steady(20, 0.5));
    expect(middle.verdict).toBe('inconclusive');
    expect(middle.reasons[0]).toContain('between the thresholds 0.3 and 0.8');
    expect(middle.interval[0]).toBeCloseTo(0.5, 9);
    expect(middle.interval[1]).toBeCloseTo(0.5, 9);
  });

  it('counts a threshold itself as reached', () => {
    // Halves and quarters, whose mean is exact.
    const thresholds = { likely: 0.75, notFound: 0.25, basis: 'test' };
    expect(judge(steady(8, 0.75), { thresholds }).verdict).toBe('manipulation_likely');
    expect(judge(steady(8, 0.25), { thresholds }).verdict).toBe('no_manipulation_found');
  });

  it('is inconclusive with too few faces, and says how many', () => {
    const few = judge(steady(3, 0.99));
    expect(few.verdict).toBe('inconclusive');
    expect(few.reasons).toEqual(['only 3 usable faces, 4 are wanted for a verdict']);
  });

  it('is inconclusive where the interval of a high score reaches the other threshold', () => {
    const raw = [...steady(9, 1), ...steady(2, 0)];
    const torn = judge(raw, { thresholds: { likely: 0.8, notFound: 0.65, basis: 'test' } });
    expect(torn.score).toBeCloseTo(9 / 11, 9);
    expect(torn.interval[0]).toBeLessThan(0.65);
    expect(torn.verdict).toBe('inconclusive');
    expect(torn.reasons[0]).toContain('reaches down');
  });

  it('gives one face no interval but the whole range', () => {
    expect(judge([0.7]).interval).toEqual([0, 1]);
  });

  it('keeps the score inside its interval', () => {
    const raw = times(30).map((_, i) => (i % 7) / 7);
    const { score, interval } = judge(raw);
    expect(interval[0]).toBeLessThanOrEqual(score);
    expect(interval[1]).toBeGreaterThanOrEqual(score);
    expect(interval[1] - interval[0]).toBeGreaterThan(0.01);
  });

  it('widens the interval when neighbours are alike: 15 frames low, then 15 high', () => {
    const blocks = [...steady(15, 0.2), ...steady(15, 0.8)];
    const mixed = Array.from({ length: 30 }, (_, i) => (i % 2 === 0 ? 0.2 : 0.8));
    const width = ({ interval }: { interval: [number, number] }) => interval[1] - interval[0];
    expect(width(judge(blocks))).toBeGreaterThan(1.5 * width(judge(mixed)));
  });

  it('calibrates the aggregated score', () => {
    const calibration = { kind: 'platt' as const, slope: 2, offset: -1 };
    const { score } = judge(steady(10, 0.9), { calibration });
    expect(score).toBeCloseTo(sigmoid(2 * logit(0.9) - 1), 9);
  });

  it('is the same for the same seed', () => {
    const raw = times(30).map((_, i) => Math.sin(i) ** 2);
    expect(judge(raw)).toEqual(judge(raw));
  });
});

describe('judgeClip', () => {
  function track(id: number, score: number | null, verdict: Verdict, faces = 10): TrackResult {
    const interval: [number, number] | null = score === null ? null : [score - 0.05, score + 0.05];
    const reasons = verdict === 'inconclusive' ? ['unsure'] : [];
    return {
      id,
      person: id,
      startSeconds: 0,
      endSeconds: 1,
      faces,
      score,
      interval,
      verdict,
      reasons,
      facePixels: 90,
      frames: [],
    };
  }
  const judgeAll = (tracks: TrackResult[], rule = aggregation) => judgeClip(tracks, contract(), rule);

  it('is not assessable without a scored track, and has no score', () => {
    expect(judgeAll([])).toEqual({
      score: null,
      interval: null,
      verdict: 'not_assessable',
      reasons: ['no face was found'],
    });
    expect(judgeAll([track(1, null, 'not_assessable')])).toMatchObject({
      score: null,
      verdict: 'not_assessable',
    });
  });

  it('follows the most suspicious person', () => {
    const judged = judgeAll([track(1, 0.1, 'no_manipulation_found'), track(2, 0.9, 'manipulation_likely')]);
    expect(judged).toMatchObject({
      score: 0.9,
      verdict: 'manipulation_likely',
      interval: [0.85, expect.closeTo(0.95, 9)],
    });
  });

  it('finds nothing only where nothing was found in anyone', () => {
    expect(
      judgeAll([track(1, 0.1, 'no_manipulation_found'), track(2, 0.2, 'no_manipulation_found')]).verdict,
    ).toBe('no_manipulation_found');
    const mixed = judgeAll([track(1, 0.1, 'no_manipulation_found'), track(2, 0.5, 'inconclusive')]);
    expect(mixed).toMatchObject({ verdict: 'inconclusive', reasons: ['track 2: unsure'] });
  });

  it('leaves a flicker of a face out, and says so', () => {
    const judged = judgeAll([track(1, 0.1, 'no_manipulation_found'), track(2, 0.6, 'inconclusive', 2)]);
    expect(judged).toMatchObject({ score: 0.1, verdict: 'no_manipulation_found' });
    expect(judged.reasons).toEqual(['1 track with too few usable faces did not count']);
  });

  it('means over people when the contract says so', () => {
    const judged = judgeAll([track(1, 0.1, 'no_manipulation_found'), track(2, 0.9, 'manipulation_likely')], {
      ...aggregation,
      tracks: 'mean',
    });
    expect(judged).toMatchObject({ score: 0.5, verdict: 'inconclusive' });
  });
});
