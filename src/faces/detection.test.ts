import { describe, expect, it } from 'vitest';
import { anchors, decode } from './blazeface.ts';
import { letterbox } from './letterbox.ts';
import { type Detection, weightedNms } from './nms.ts';
import { isWholeInTile, paddedFrame, tiles } from './tiles.ts';

describe('anchors', () => {
  it('are 896: 16x16 x 2, then 8x8 x 6, at the cells’ centres', () => {
    expect(anchors).toHaveLength(896 * 2);
    expect([...anchors.subarray(0, 6)]).toEqual([8, 8, 8, 8, 24, 8]);
    expect([...anchors.subarray(1024, 1026)]).toEqual([16, 16]);
    expect([...anchors.subarray(1024 + 12, 1024 + 14)]).toEqual([48, 16]);
    expect([...anchors.subarray(-2)]).toEqual([240, 240]);
  });
});

describe('decode', () => {
  it('places a box and its points in the frame, through the letter-box', () => {
    const raw = new Float32Array(16);
    raw.set([4, -2, 32, 16, 1, 2]);
    // A 512 x 256 region at (100, 50): scale 0.5, 64 px of border above.
    const placement = { scale: 0.5, left: 0, top: 64 };
    const region = { x: 100, y: 50, width: 512, height: 256 };
    const [found] = decode(Float32Array.of(2), raw, 2 * 17, 0.5, region, placement);
    // The anchor of the second row's second cell is (24, 24): the centre is (28, 22) in the input.
    expect(found.box.x + found.box.width / 2).toBeCloseTo(28 / 0.5 + 100);
    expect(found.box.y + found.box.height / 2).toBeCloseTo((22 - 64) / 0.5 + 50);
    expect([found.box.width, found.box.height]).toEqual([64, 32]);
    expect(found.points[0]).toEqual({ x: 25 / 0.5 + 100, y: (26 - 64) / 0.5 + 50 });
    expect(found.score).toBeCloseTo(1 / (1 + Math.exp(-2)));
  });

  it('leaves out what scores below the threshold', () => {
    const placement = { scale: 1, left: 0, top: 0 };
    const region = { x: 0, y: 0, width: 256, height: 256 };
    expect(
      decode(Float32Array.of(-0.01, 0.01), new Float32Array(32), 0, 0.5, region, placement),
    ).toHaveLength(1);
  });
});

const detection = (x: number, score: number, size = 10): Detection => ({
  box: { x, y: 0, width: size, height: size },
  score,
  points: [{ x, y: 1 }],
});

describe('weightedNms', () => {
  it('blends what overlaps by score and keeps the strongest score', () => {
    const kept = weightedNms([detection(0, 0.6), detection(2, 0.9), detection(50, 0.7)], 0.3);
    expect(kept).toHaveLength(2);
    expect(kept[0].score).toBe(0.9);
    expect(kept[0].box.x).toBeCloseTo((0.6 * 0 + 0.9 * 2) / 1.5);
    expect(kept[0].points[0].x).toBeCloseTo(1.2);
    expect(kept[1].box.x).toBe(50);
  });

  it('compares with the strongest only: a chain does not collapse into one', () => {
    // Neighbours overlap by 1/3, ends not at all.
    const kept = weightedNms([detection(0, 0.9), detection(5, 0.8), detection(10, 0.7)], 0.3);
    expect(kept.map((one) => one.score)).toEqual([0.9, 0.7]);
  });

  it('keeps nothing of nothing', () => expect(weightedNms([], 0.3)).toEqual([]));
});

describe('tiles', () => {
  it('cover the frame, stay inside and overlap by a quarter', () => {
    for (const [width, height] of [
      [1920, 1080],
      [640, 360],
      [500, 500],
      [720, 1280],
    ]) {
      const list = tiles(width, height);
      const side = Math.min(width, height) * 0.75;
      const xs = [...new Set(list.map((tile) => tile.x))].sort((a, b) => a - b);
      expect(xs[0]).toBe(0);
      expect(xs[xs.length - 1] + side).toBeCloseTo(width);
      for (let i = 1; i < xs.length; i++) expect(xs[i] - xs[i - 1]).toBeLessThanOrEqual(side * 0.75 + 1e-6);
      expect(list.every((tile) => tile.y >= 0 && tile.y + side <= height + 1e-6)).toBe(true);
    }
  });

  it('stay few on strips, and are none in tiny pictures', () => {
    expect(tiles(900, 2)).toHaveLength(7);
    expect(tiles(20_000, 40)).toHaveLength(7);
    expect(tiles(1, 1)).toEqual([]);
    expect(tiles(256, 200)).toEqual([]);
    expect(tiles(257, 200)).not.toEqual([]);
  });

  it('trust small faces off the tile’s inner borders', () => {
    const tile = { x: 100, y: 0, width: 100, height: 100 };
    const box = { x: 140, y: 0, width: 20, height: 20 };
    expect(isWholeInTile(box, tile, 400, 400)).toBe(true);
    expect(isWholeInTile({ ...box, x: 100.5 }, tile, 400, 400)).toBe(false);
    expect(isWholeInTile({ ...box, x: 180 }, tile, 400, 400)).toBe(false);
    expect(isWholeInTile({ ...box, x: 180 }, tile, 200, 400)).toBe(true);
    expect(isWholeInTile({ ...box, width: 36 }, tile, 400, 400)).toBe(false);
  });

  it('pad by 35 % a side', () => {
    expect(paddedFrame(200, 100)).toEqual({ x: -70, y: -35, width: 340, height: 170 });
  });
});

describe('letterbox', () => {
  it('centres, fills with black and averages', () => {
    // 8 x 4: left half white, right half black.
    const data = new Uint8Array(8 * 4 * 3);
    for (let y = 0; y < 4; y++) data.fill(255, y * 24, y * 24 + 12);
    const into = new Float32Array(3 * 16);
    const placed = letterbox({ width: 8, height: 4, data }, { x: 0, y: 0, width: 8, height: 4 }, 4, into, 0);
    expect(placed).toEqual({ scale: 0.5, left: 0, top: 1 });
    const rows = [0, 1, 2, 3].map((y) => [...into.subarray(4 * y, 4 * y + 4)].map(Math.round));
    expect(rows).toEqual([
      [-1, -1, -1, -1],
      [1, 1, -1, -1],
      [1, 1, -1, -1],
      [-1, -1, -1, -1],
    ]);
  });

  it('shows black where a padded region leaves the picture', () => {
    const data = new Uint8Array(4 * 4 * 3).fill(255);
    const into = new Float32Array(3 * 64);
    letterbox({ width: 4, height: 4, data }, { x: -2, y: -2, width: 8, height: 8 }, 8, into, 0);
    const sum = into.subarray(0, 64).reduce((total, value) => total + (value + 1) / 2, 0);
    expect(sum).toBeCloseTo(16);
    expect(into[8 * 2 + 2]).toBeCloseTo(1);
    expect(into[8 * 1 + 2]).toBe(-1);
  });
});
