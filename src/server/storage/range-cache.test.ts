import { expect, test } from 'vitest';
import { RangeCache } from './range-cache.ts';

const bytes = Buffer.from(Array.from({ length: 1000 }, (_, i) => i % 251));

function counted(options: { block: number; blocks: number }, fail = () => false) {
  const asked: number[] = [];
  const file = {
    size: bytes.length,
    read: async (at: number, length: number) => {
      asked.push(at);
      if (fail()) throw new Error('cut off');
      return bytes.subarray(at, at + length);
    },
  };
  return { cache: new RangeCache(file, options), asked };
}

test('gives the same bytes as the file, across pieces and at its end', async () => {
  const { cache } = counted({ block: 64, blocks: 3 });
  for (const [at, length] of [
    [0, 10],
    [60, 10],
    [0, 1000],
    [990, 100],
    [1000, 1],
    [128, 64],
  ]) {
    expect((await cache.read(at, length)).equals(bytes.subarray(at, at + length))).toBe(true);
  }
});

test('many small reads are few requests, and the next piece is on its way', async () => {
  const { cache, asked } = counted({ block: 100, blocks: 4 });
  for (let at = 0; at < 1000; at += 10) await cache.read(at, 10);
  expect(asked).toEqual([0, 100, 200, 300, 400, 500, 600, 700, 800, 900]);
});

test('only so many pieces are kept', async () => {
  const { cache, asked } = counted({ block: 100, blocks: 2 });
  for (const at of [0, 500, 900, 0]) await cache.read(at, 10);
  expect(asked.filter((at) => at === 0)).toHaveLength(2);
  await cache.read(900, 10);
  expect(asked.filter((at) => at === 900)).toHaveLength(1);
});

test('a piece that failed is asked for again', async () => {
  let failing = true;
  const { cache } = counted({ block: 100, blocks: 4 }, () => failing);
  await expect(cache.read(0, 10)).rejects.toThrow('cut off');
  failing = false;
  expect(await cache.read(0, 10)).toHaveLength(10);
});
