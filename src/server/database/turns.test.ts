import { expect, test } from 'vitest';
import { priorities, rankOf } from './turns.ts';

test('priority goes before turns, and both fit what pg-boss sorts by', () => {
  const late = 2 ** 31;
  const order = [
    rankOf({ priority: priorities.high, turn: late }),
    rankOf({ priority: priorities.normal, turn: 0 }),
    rankOf({ priority: priorities.normal, turn: 1 }),
    rankOf({ priority: priorities.normal, turn: late }),
    rankOf({ priority: priorities.low, turn: 0 }),
    rankOf({ priority: priorities.low, turn: late }),
  ];
  expect(order).toEqual(order.toSorted((a, b) => b - a));
  expect(new Set(order).size).toBe(order.length);
  expect(Math.min(...order)).toBeGreaterThanOrEqual(-(2 ** 31));
  expect(Math.max(...order)).toBeLessThan(2 ** 31);
});
