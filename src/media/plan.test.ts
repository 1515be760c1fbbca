import { describe, expect, it } from 'vitest';
import { planSegments } from './plan.ts';

describe('planSegments', () => {
  it('restarts at the key frame before a far target, and decodes on to a near one', () => {
    expect(planSegments([3, 30, 95, 99], [0, 25, 50, 75, 100], 4)).toEqual([
      { key: 0, targets: [3] },
      { key: 25, targets: [30] },
      { key: 75, targets: [95, 99] },
    ]);
  });

  it('does not restart where the next key frame is within the margin', () => {
    expect(planSegments([8, 12], [0, 10], 4)).toEqual([{ key: 0, targets: [8, 12] }]);
    expect(planSegments([5, 12], [0, 10], 4)).toEqual([
      { key: 0, targets: [5] },
      { key: 10, targets: [12] },
    ]);
  });

  it('starts at the beginning for frames before the first key frame', () => {
    expect(planSegments([1, 20], [5, 15], 0)).toEqual([
      { key: undefined, targets: [1] },
      { key: 15, targets: [20] },
    ]);
    expect(planSegments([1, 2], [], 0)).toEqual([{ key: undefined, targets: [1, 2] }]);
  });

  it('keeps every target once and in order, each at or after its key frame', () => {
    const wanted = Array.from({ length: 40 }, (_, i) => i * 7);
    const segments = planSegments(wanted, [0, 60, 61, 130, 200], 4);
    expect(segments.flatMap(({ targets }) => targets)).toEqual(wanted);
    for (const { key, targets } of segments) expect(targets[0]).toBeGreaterThanOrEqual(key as number);
  });

  it('plans nothing for nothing', () => {
    expect(planSegments([], [0], 4)).toEqual([]);
  });
});
