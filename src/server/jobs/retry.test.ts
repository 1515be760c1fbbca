import { expect, test } from 'vitest';
import { errorCodes } from '../../base/errors.ts';
import { backOff, failureKind } from './retry.ts';

test('a broken file is final, a lost connection is not', () => {
  const final = ['CLIP_TRUNCATED', 'CLIP_NOT_MEDIA', 'ANALYSIS_CRASHED', 'ANALYSIS_MEMORY', 'ANALYSIS_TIME'];
  expect(final.filter((code) => failureKind(code) !== 'final')).toEqual([]);
  expect(['STORE_UNREACHABLE', 'DISK_FULL', 'constructor'].map(failureKind)).toEqual([
    'lost',
    'elsewhere',
    'final',
  ]);
});

test('every code that is tried again is a code that exists', () => {
  expect(errorCodes.filter((code) => failureKind(code) !== 'final')).toHaveLength(8);
});

test('each try waits twice as long as the one before, and no longer than five minutes', () => {
  expect([1, 2, 3, 4].map(backOff)).toEqual([2, 4, 8, 16]);
  expect([8, 9, 60].map(backOff)).toEqual([256, 300, 300]);
});
