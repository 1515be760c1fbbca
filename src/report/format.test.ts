import { expect, test } from 'vitest';
import { baseName, bytes, clock, list, percent, plural, range, score, sentence } from './format.ts';

test.each([
  [0, 0, '0:00'],
  [59.6, 0, '1:00'],
  [59.96, 1, '1:00.0'],
  [7.25, 2, '0:07.25'],
  [725, 0, '12:05'],
  [3725, 0, '1:02:05'],
])('clock(%d, %d) is %s', (seconds, digits, text) => {
  expect(clock(seconds, digits)).toBe(text);
});

test('no rounding reaches certainty', () => {
  expect([0, 0.0049, 0.01, 0.5, 0.99, 0.9951, 1].map(score)).toEqual([
    '<0.01',
    '<0.01',
    '0.01',
    '0.50',
    '0.99',
    '>0.99',
    '>0.99',
  ]);
  expect([0, 0.004, 0.87, 0.996, 1].map(percent)).toEqual([
    '<1\u00a0%',
    '<1\u00a0%',
    '87\u00a0%',
    '>99\u00a0%',
    '>99\u00a0%',
  ]);
});

test('ranges name their unit once', () => {
  expect(range([0.74, 0.94])).toBe('0.74–0.94');
  expect(range([0.74, 0.94], percent)).toBe('74–94\u00a0%');
  expect(range([0.5, 0.5])).toBe('0.50');
});

test.each([
  [1, '1 byte'],
  [999, '999 bytes'],
  [1000, '1.0 kB'],
  [999_949, '999.9 kB'],
  [999_950, '1.0 MB'],
  [3_482_117, '3.5 MB'],
])('%d is %s', (count, text) => {
  expect(bytes(count)).toBe(text);
});

test('words', () => {
  expect([plural(1, 'face'), plural(1200, 'face'), plural(2, 'person', 'people')]).toEqual([
    '1 face',
    '1,200 faces',
    '2 people',
  ]);
  expect([list([]), list(['a']), list(['a', 'b']), list(['a', 'b', 'c'])]).toEqual([
    '',
    'a',
    'a and b',
    'a, b and c',
  ]);
  expect([sentence('no face was found'), sentence('Is it? ')]).toEqual(['No face was found.', 'Is it?']);
  expect([baseName('a/b.mp4'), baseName('C:\\x\\y.mov'), baseName('z'), baseName('a/')]).toEqual([
    'b.mp4',
    'y.mov',
    'z',
    'a',
  ]);
});
