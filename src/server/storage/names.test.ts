import { expect, test } from 'vitest';
import { displayName } from './names.ts';

test.each([
  ['clip.mp4', 'clip.mp4'],
  ['../../etc/passwd', 'passwd'],
  ['C:\\Users\\me\\clip.mp4', 'clip.mp4'],
  ['a\u0000b\nc\u202e4pm.mp4', 'abc4pm.mp4'],
  ['half \ud800 pair.mp4', 'half  pair.mp4'],
  ['Ünï 人.mp4', 'Ünï 人.mp4'],
  ['..', 'clip'],
  ['/', 'clip'],
  ['  ', 'clip'],
])('%j is shown as %j', (sent, shown) => {
  expect(displayName(sent)).toBe(shown);
});

test('long names are cut', () => {
  expect(displayName('x'.repeat(1000))).toHaveLength(255);
});
