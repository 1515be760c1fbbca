import { expect, it } from 'vitest';
import type { SourceItem } from '../source.ts';
import { planOrders } from './plan.ts';

const items = (sides: readonly (SourceItem['split'] | undefined)[]): SourceItem[] =>
  sides.map((split, k) => ({
    id: `i${k}`,
    file: `${k}.jpg`,
    label: 0,
    method: 'original',
    videoId: `v${k}`,
    sourceId: `s${k}`,
    split,
  }));
const options = { mix: { 'face-swap': 1 }, seed: 1, perImage: 2 } as const;
const ordersOf = async (of: SourceItem[]) =>
  (await planOrders('/nowhere', of, options)).flatMap(({ orders }) => orders);

it('donors are of another person and of the same side', async () => {
  const sides = Array.from({ length: 30 }, (_, k) => (k % 3 === 0 ? ('test' as const) : ('train' as const)));
  const orders = await ordersOf(items(sides));
  expect(orders).toHaveLength(60);
  for (const { item, kind, donors } of orders) {
    expect(kind).toBe('face-swap');
    expect(donors.length).toBeGreaterThan(0);
    for (const donor of donors) {
      expect(donor.split).toBe(item.split);
      expect(donor.sourceId).not.toBe(item.sourceId);
    }
  }
});

it('who is alone on a side is blended with itself', async () => {
  const orders = await ordersOf(items(['train', 'train', 'test']));
  expect(orders.map(({ kind }) => kind)).toEqual([...Array(4).fill('face-swap'), 'self-blend', 'self-blend']);
});
