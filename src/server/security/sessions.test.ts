import { expect, test } from 'vitest';
import { Sessions } from './sessions.ts';

const token = 'a-token-of-enough-characters';

test('only the token is the token', () => {
  const sessions = new Sessions(token);
  expect(sessions.isToken(token)).toBe(true);
  for (const wrong of ['', token.slice(1), `${token} `, token.toUpperCase()]) {
    expect(sessions.isToken(wrong)).toBe(false);
  }
  expect(new Sessions(undefined).isToken('')).toBe(false);
  expect(new Sessions(undefined).isToken('undefined')).toBe(false);
});

test('a cookie holds for its time and its token, and cannot be made longer', () => {
  const now = Date.UTC(2026, 0, 1);
  const { value, maxAge } = new Sessions(token).issue(now);
  const sessions = new Sessions(token);
  expect(sessions.isSession(value, now)).toBe(true);
  expect(sessions.isSession(value, now + maxAge * 1000 - 1)).toBe(true);
  expect(sessions.isSession(value, now + maxAge * 1000 + 1)).toBe(false);
  const [until, signature] = value.split('.');
  expect(sessions.isSession(`${Number(until) + 1}.${signature}`, now)).toBe(false);
  expect(sessions.isSession(`${until}.${'0'.repeat(64)}`, now)).toBe(false);
  expect(new Sessions(`${token}2`).isSession(value, now)).toBe(false);
  expect(new Sessions(undefined).isSession(value, now)).toBe(false);
});
