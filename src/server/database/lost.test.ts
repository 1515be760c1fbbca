import { expect, test } from 'vitest';
import { errors } from '../../base/errors.ts';
import { isLost } from './lost.ts';

const withCode = (code: string) => Object.assign(new Error('x'), { code });

test.each(['57P01', '57P03', '08006', '53300', 'ECONNREFUSED', 'ECONNRESET', 'ENOENT'])(
  '%s passes',
  (code) => {
    expect(isLost(withCode(code))).toBe(true);
  },
);

test('what pg says without a code passes too', () => {
  expect(isLost(new Error('Connection terminated unexpectedly'))).toBe(true);
});

test.each(['23505', '42P01', '22P02', '57014', 'EACCES'])('%s stays as it is', (code) => {
  expect(isLost(withCode(code))).toBe(false);
});

test('a user error stays as it is', () => {
  expect(isLost(errors.CLIP_MISSING('x.mp4'))).toBe(false);
  expect(isLost('text')).toBe(false);
});
