import { expect, test } from 'vitest';
import { parseRange } from './send.ts';

test.each([
  [undefined, undefined],
  ['bytes=0-', [0, 99]],
  ['bytes=10-19', [10, 19]],
  ['bytes=99-99', [99, 99]],
  ['bytes=90-1000', [90, 99]],
  ['bytes=-10', [90, 99]],
  ['bytes=-1000', [0, 99]],
  ['bytes=100-', 'outside'],
  ['bytes=-0', 'outside'],
  // Several ranges, other units and nonsense are answered with the whole file.
  ['bytes=0-1,5-6', undefined],
  ['bytes=20-10', undefined],
  ['items=0-1', undefined],
  ['bytes=-', undefined],
])('%s of 100 bytes', (header, range) => {
  expect(parseRange(header, 100)).toEqual(range);
});
