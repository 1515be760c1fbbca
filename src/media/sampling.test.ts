import { describe, expect, it } from 'vitest';
import { formatSampling, parseSampling, selectFrames } from './sampling.ts';

const constant = (count: number, rate: number) => Float64Array.from({ length: count }, (_, i) => i / rate);
const select = (text: string, times: Float64Array, keys: number[] = []) =>
  selectFrames(parseSampling(text), times, keys);

describe('sampling', () => {
  it('reads and writes every policy', () => {
    for (const text of ['even:32', 'fps:4', 'fps:0.5', 'every:10', 'range:10+101', 'keyframes']) {
      expect(formatSampling(parseSampling(text))).toBe(text);
    }
  });

  it.each([
    '',
    'even',
    'even:0',
    'even:-1',
    'even:1.5',
    'every:0',
    'fps:0',
    'range:5',
    'range:5+0',
    'all',
    'keyframes:2',
  ])('refuses %j', (text) => {
    expect(() => parseSampling(text)).toThrow(expect.objectContaining({ code: 'SAMPLING_INVALID' }));
  });

  it('even: first, last and equal gaps; the middle one alone; no frame twice', () => {
    expect(select('even:5', constant(101, 25))).toEqual([0, 25, 50, 75, 100]);
    expect(select('even:1', constant(101, 25))).toEqual([50]);
    expect(select('even:32', constant(5, 25))).toEqual([0, 1, 2, 3, 4]);
    const picked = select('even:32', constant(300, 30));
    expect(new Set(picked).size).toBe(32);
    expect([picked[0], picked[31]]).toEqual([0, 299]);
  });

  it('fps: by real timestamps, one frame for each due time', () => {
    expect(select('fps:5', constant(20, 25))).toEqual([0, 5, 10, 15]);
    // A frame for each half second; the gap from 0.2 s to 2.1 s gives one frame and no copies.
    expect(select('fps:2', Float64Array.from([0, 0.1, 0.2, 2.1, 2.2, 2.5, 2.9]))).toEqual([0, 3, 5]);
  });

  it('every, range and keyframes', () => {
    expect(select('every:4', constant(10, 25))).toEqual([0, 4, 8]);
    expect(select('range:7+101', constant(10, 25))).toEqual([7, 8, 9]);
    expect(select('range:50+3', constant(10, 25))).toEqual([]);
    expect(select('keyframes', constant(10, 25), [0, 6])).toEqual([0, 6]);
  });
});
