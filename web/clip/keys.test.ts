import { expect, test } from 'vitest';
import { keyTarget } from './keys.ts';

const times = [0, 1, 2, 3];
const cuts = [1.5, 2.5];
const press = (key: string, time: number) => keyTarget(key, time, times, cuts, 3.2);

test.each([
  ['ArrowRight', 1, 2],
  ['ArrowRight', 1.4, 2],
  ['ArrowRight', 3, 3],
  // A player stops a little after the time that it was sent to: that is still the same look.
  ['ArrowLeft', 1.001, 0],
  ['ArrowLeft', 1.4, 1],
  ['ArrowLeft', 0, 0],
  ['ArrowDown', 0, 1.5],
  ['ArrowUp', 3, 2.5],
  ['ArrowUp', 1, 1],
  ['Home', 2, 0],
  ['End', 0, 3],
  [' ', 1, 'toggle'],
  ['a', 1, undefined],
] as const)('%s at %d leads to %s', (key, time, target) => {
  expect(press(key, time)).toBe(target);
});
