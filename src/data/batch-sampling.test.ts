import { describe, expect, it } from 'vitest';
import { type BatchSampling, planBatches } from './batch-sampling.ts';
import type { Item, Label } from './manifest.ts';

const item = (id: string, label: Label, sourceId: string, method: string): Item => ({
  id,
  file: id,
  label,
  method,
  videoId: id,
  sourceId,
});
/** 30 sources with 1 real item; every third has 2 forgeries of method x, and one of y. */
const items = Array.from({ length: 30 }, (_, k) => [
  item(`r${k}`, 0, `s${k}`, 'original'),
  ...(k % 3 === 0 ? ['x', 'x2', 'y'].map((m) => item(`${m}${k}`, 1, `s${k}`, m[0])) : []),
]).flat();

const plan = (sampling: BatchSampling, batchSize = 8, seed = 1) =>
  planBatches(items, { sampling, batchSize, seed });
const epochOf = (p: ReturnType<typeof plan>, epoch: number) =>
  Array.from({ length: p.batchesPerEpoch }, (_, b) => p.picks(epoch, b));

describe('batch sampling', () => {
  it('shuffle: every item at most once an epoch, another order each', () => {
    const p = plan({ kind: 'shuffle' });
    expect(p.batchesPerEpoch).toBe(Math.floor(60 / 8));
    const order = epochOf(p, 0).flat();
    expect(new Set(order).size).toBe(56);
    expect(epochOf(p, 1).flat()).not.toEqual(order);
    expect(epochOf(plan({ kind: 'shuffle' }), 0).flat()).toEqual(order);
    expect(epochOf(plan({ kind: 'shuffle' }, 8, 2), 0).flat()).not.toEqual(order);
  });

  it('gives any batch at any time', () => {
    const p = plan({ kind: 'shuffle' });
    const later = p.picks(5, 3);
    for (const epoch of [0, 1, 2]) p.picks(epoch, 0);
    expect(p.picks(5, 3)).toEqual(later);
  });

  it('sequential: all in order, the last batch shorter', () => {
    const batches = epochOf(plan({ kind: 'sequential' }, 7), 0);
    expect(batches.flat()).toEqual([...items.keys()]);
    expect(batches.at(-1)).toHaveLength(60 % 7);
  });

  it('balanced: half and half in every batch, each class gone through evenly', () => {
    const unequal = items.filter((i) => i.method !== 'x');
    const p = planBatches(unequal, { sampling: { kind: 'balanced' }, batchSize: 8, seed: 1 });
    const counts = new Map<number, number>();
    for (const picks of epochOf(p, 0)) {
      expect(picks.filter((index) => unequal[index].label === 1)).toHaveLength(4);
      for (const index of picks) counts.set(index, (counts.get(index) ?? 0) + 1);
    }
    // 10 forgeries for 20 places; 30 real items for 20.
    for (const [index, count] of counts) expect(count).toBe(unequal[index].label === 1 ? 2 : 1);
    expect(() => plan({ kind: 'balanced' }, 7)).toThrow('the batch size 7 is odd');
  });

  it('weighted: groups come by their weights', () => {
    const p = plan({ kind: 'weighted', by: 'method', weights: { original: 1, x: 3, y: 0 } });
    const drawn = Array.from({ length: 300 }, (_, e) => epochOf(p, e).flat()).flat();
    const share = (method: string) => drawn.filter((i) => items[i].method === method).length / drawn.length;
    expect(share('x')).toBeCloseTo(0.75, 1);
    expect(share('y')).toBe(0);
    expect(() => plan({ kind: 'weighted', by: 'method', weights: { z: 1 } })).toThrow('no item is of "z"');
  });

  it('paired: real and manipulated of one source side by side, the rest listed', () => {
    const p = plan({ kind: 'paired' });
    // 10 sources with 3 forgeries each: 30 pairs, 4 a batch.
    expect(p.batchesPerEpoch).toBe(7);
    for (const epoch of [0, 1]) {
      const seen = new Set<number>();
      for (const picks of epochOf(p, epoch)) {
        for (let k = 0; k < picks.length; k += 2) {
          const [real, fake] = [items[picks[k]], items[picks[k + 1]]];
          expect([real.label, fake.label, fake.sourceId]).toEqual([0, 1, real.sourceId]);
          expect(seen.has(picks[k + 1])).toBe(false);
          seen.add(picks[k + 1]);
        }
      }
    }
    expect(p.unused).toHaveLength(20);
    expect(p.unused.every((index) => items[index].label === 0)).toBe(true);
  });

  it('paired: a swap of two people stands beside the one whose video it is, not beside its donor', () => {
    // As FaceForensics++ names them: 183_253 is the video of 183 with the face of 253.
    const swaps = ['183+253', '253+183', '672+720', '720+672'];
    const set = [
      ...['183', '253', '672', '720'].map((id) => item(id, 0, id, 'original')),
      ...swaps.map((id) => item(id, 1, id, 'FaceSwap')),
    ];
    const { picks, unused } = planBatches(set, { sampling: { kind: 'paired' }, batchSize: 8, seed: 1 });
    expect(unused).toEqual([]);
    const order = picks(0, 0).map((index) => set[index].sourceId);
    const pairs = [0, 2, 4, 6].map((k) => order.slice(k, k + 2).join(' with '));
    expect(pairs.toSorted()).toEqual(swaps.map((id) => `${id.split('+')[0]} with ${id}`));
  });

  it('reserve: of the same class, or whole pairs; the same whenever asked', () => {
    const p = plan({ kind: 'balanced' });
    const first = (q: typeof p, slot: number) => {
      const draws = q.reserve(2, 1, slot);
      return Array.from({ length: 5 }, () => draws.next().value as number[]);
    };
    for (const slot of [2, 3]) {
      expect(first(p, slot)).toEqual(first(plan({ kind: 'balanced' }), slot));
      for (const [index] of first(p, slot)) expect(items[index].label).toBe(slot % 2);
    }
    for (const [real, fake] of first(plan({ kind: 'paired' }), 4)) {
      expect(items[real].sourceId).toBe(items[fake].sourceId);
    }
  });

  it('refuses what cannot be: too few items, one class', () => {
    expect(() => plan({ kind: 'shuffle' }, 100)).toThrow('60 items do not fill a batch of 100');
    expect(() => plan({ kind: 'paired' }, 100)).toThrow('60 items do not fill a batch of 100');
    const real = items.filter((i) => i.label === 0);
    expect(() => planBatches(real, { sampling: { kind: 'balanced' }, batchSize: 2, seed: 1 })).toThrow(
      'a class has no item',
    );
  });
});
