import { expect, test } from 'vitest';
import { timeLeft } from './stage-words.ts';

test.each([
  [null, ''],
  [0.4, 'almost done'],
  [7.4, 'about 7 s left'],
  [59.4, 'about 59 s left'],
  [150, 'about 3 min left'],
  [5400, 'about 2 h left'],
])('%s seconds: %s', (seconds, words) => {
  expect(timeLeft(seconds)).toBe(words);
});
