import { describe, expect, it } from 'vitest';
import { Random } from '../base/random.ts';
import type { Item, Label } from './manifest.ts';
import { splitBySource, splitSchema } from './split.ts';

const item = (id: string, label: Label, sourceId: string, videoId = id): Item => ({
  id,
  file: `${id}.jpg`,
  label,
  method: label === 0 ? 'original' : 'swap',
  videoId,
  sourceId,
});

/** Sources with one real and one or two manipulated items, and some with real ones only. */
const items = Array.from({ length: 300 }, (_, k) => [
  item(`r${k}`, 0, `s${k}`),
  ...(k % 3 === 0 ? [] : [item(`f${k}`, 1, `s${k}`)]),
  ...(k % 3 === 1 ? [item(`g${k}`, 1, `s${k}`)] : []),
]).flat();
const shares = { train: 0.7, validation: 0.15, test: 0.15 };
const ids = (list: readonly Item[]) => list.map(({ id }) => id);

describe('split by source', () => {
  const split = splitBySource(items, { seed: 1, shares });

  it('puts every item on one side and every source too', () => {
    const sides = [split.train, split.validation, split.test];
    expect(ids(sides.flat()).sort()).toEqual(ids(items).sort());
    const owners = new Map<string, number>();
    for (const [k, side] of sides.entries()) {
      for (const { sourceId } of side) {
        expect(owners.get(sourceId) ?? k).toBe(k);
        owners.set(sourceId, k);
      }
    }
  });

  it('keeps the shares, within each class', () => {
    for (const label of [0, 1]) {
      const all = items.filter((i) => i.label === label).length;
      const inTrain = split.train.filter((i) => i.label === label).length;
      expect(inTrain / all).toBeCloseTo(0.7, 1);
    }
  });

  it('depends on the seed and the names, not on the order of the lines', () => {
    const shuffled = splitBySource(new Random(4).shuffle(items), { seed: 1, shares });
    expect(ids(shuffled.test).sort()).toEqual(ids(split.test).sort());
    expect(ids(splitBySource(items, { seed: 2, shares }).test)).not.toEqual(ids(split.test));
    // Pinned: a split of an old run must come out again.
    expect(ids(split.test).slice(0, 4)).toMatchInlineSnapshot(`
      [
        "r6",
        "r7",
        "f7",
        "g7",
      ]
    `);
  });

  it('moves few sources when some are added', () => {
    const more = splitBySource([...items, ...[1, 2, 3].map((k) => item(`n${k}`, 0, `new${k}`))], {
      seed: 1,
      shares,
    });
    const before = new Set(ids(split.train));
    expect(ids(more.train).filter((id) => !before.has(id)).length).toBeLessThan(8);
  });

  it('keeps sources together that are linked by a joint source or a video', () => {
    const chain = Array.from({ length: 60 }, (_, k) => [
      item(`a${k}`, 0, `p${k}`),
      item(`b${k}`, 0, `q${k}`),
      item(`c${k}`, 1, `p${k}+q${k}`),
      item(`d${k}`, 0, `z${k}`, `a${k}`),
    ]).flat();
    const { train, validation, test } = splitBySource(chain, { seed: 3, shares });
    for (const side of [train, validation, test]) {
      expect(side.length % 4).toBe(0);
      expect(new Set(side.map(({ id }) => id.slice(1))).size).toBe(side.length / 4);
    }
  });

  it('balances each side and lists what it left out', () => {
    const balanced = splitBySource(items, { seed: 1, shares, balanced: true });
    for (const side of [balanced.train, balanced.validation, balanced.test]) {
      expect(side.filter((i) => i.label === 0)).toHaveLength(side.filter((i) => i.label === 1).length);
      expect(side.length).toBeGreaterThan(20);
    }
    const { train, validation, test, dropped } = balanced;
    expect(train.length + validation.length + test.length + dropped.length).toBe(items.length);
    expect(new Set(dropped.map(({ reason }) => reason))).toEqual(
      new Set(['left out to balance the classes']),
    );
  });

  it('leaves out what no share claims, and refuses shares above 1', () => {
    const half = splitBySource(items, { seed: 1, shares: { train: 0.5, validation: 0, test: 0 } });
    expect(half.validation).toEqual([]);
    expect(half.dropped.length + half.train.length).toBe(items.length);
    expect(splitSchema.safeParse({ seed: 1, shares: { ...shares, train: 0.8 } }).success).toBe(false);
    expect(splitSchema.safeParse({ seed: 1, shares, extra: 1 }).success).toBe(false);
  });
});
