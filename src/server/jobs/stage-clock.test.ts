import { expect, test } from 'vitest';
import { StageClock } from './stage-clock.ts';

test('stages follow each other; one that is told again goes on', () => {
  let now = 0;
  const clock = new StageClock(() => now);
  expect(clock.stage).toBeUndefined();
  clock.enter('start');
  now = 700;
  clock.enter('open');
  now = 900;
  clock.enter('frames');
  now = 1900;
  clock.enter('frames');
  now = 2900;
  expect(clock.stage).toBe('frames');
  // Still going on: not among those that ended.
  expect(clock.seconds()).toEqual({ start: 0.7, open: 0.2 });
  clock.end();
  now = 9000;
  clock.end();
  expect(clock.spans).toEqual([
    { stage: 'start', from: 0, to: 700 },
    { stage: 'open', from: 700, to: 900 },
    { stage: 'frames', from: 900, to: 2900 },
  ]);
  expect(clock.seconds()).toEqual({ start: 0.7, open: 0.2, frames: 2 });
  expect(clock.stage).toBe('frames');
});
