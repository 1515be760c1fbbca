import { expect, test } from 'vitest';
import { ProgressMeter } from './progress.ts';

test('the fraction never falls, and the time left shrinks to nothing', () => {
  let now = 0;
  const meter = new ProgressMeter(() => now);
  expect(meter.start()).toEqual({ stage: 'start', done: 0, total: 0, fraction: 0, secondsLeft: null });
  now = 1000;
  expect(meter.take({ stage: 'open', done: 0, total: 0 }).secondsLeft).toBeNull();
  const told = [];
  for (let done = 1; done <= 10; done++) {
    now += 500;
    told.push(meter.take({ stage: 'frames', done, total: 10 }));
  }
  // Until there is something to estimate from, nothing is made up.
  expect(told.slice(0, 2).map(({ secondsLeft }) => secondsLeft)).toEqual([null, null]);
  // Seven frames of 0.5 s each, and a tail of 8 % of the 2.5 s so far.
  expect(told[2].secondsLeft).toBeCloseTo(3.7, 1);
  expect(told[9].secondsLeft).toBeLessThan(1);
  const last = meter.take({ stage: 'report', done: 0, total: 0 });
  const fractions = [...told, last].map(({ fraction }) => fraction);
  expect(fractions).toEqual(fractions.toSorted((a, b) => a - b));
  expect(last.fraction).toBeLessThanOrEqual(1);
  // A message that comes late does not turn it back.
  expect(meter.take({ stage: 'frames', done: 1, total: 10 }).fraction).toBe(last.fraction);
});
