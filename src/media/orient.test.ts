import { describe, expect, it } from 'vitest';
import { orient, orientationOf, rotationOf, swapsSides, upright } from './orient.ts';
import type { Picture } from './types.ts';

/** A grey picture from rows of values. */
function grey(...rows: number[][]): Picture {
  return {
    width: rows[0].length,
    height: rows.length,
    data: Uint8Array.from(rows.flat().flatMap((value) => [value, value + 100, 200])),
  };
}

function matrix(a: number, b: number, c: number, d: number): Buffer {
  const buffer = Buffer.alloc(36);
  for (const [i, value] of [a, b, 0, c, d].entries()) buffer.writeInt32LE(value * 65536, i * 4);
  return buffer;
}

describe('orientation', () => {
  const stored = grey([1, 2, 3], [4, 5, 6]);

  it.each([
    ['0', matrix(1, 0, 0, 1), 0, grey([1, 2, 3], [4, 5, 6])],
    ['90 clockwise', matrix(0, 1, -1, 0), 90, grey([4, 1], [5, 2], [6, 3])],
    ['180', matrix(-1, 0, 0, -1), 180, grey([6, 5, 4], [3, 2, 1])],
    ['270 clockwise', matrix(0, -1, 1, 0), 270, grey([3, 6], [2, 5], [1, 4])],
    ['mirrored left-right', matrix(-1, 0, 0, 1), 180, grey([3, 2, 1], [6, 5, 4])],
    ['mirrored up-down', matrix(1, 0, 0, -1), 0, grey([4, 5, 6], [1, 2, 3])],
    ['transposed', matrix(0, 1, 1, 0), 90, grey([1, 4], [2, 5], [3, 6])],
    ['transversed', matrix(0, -1, -1, 0), 270, grey([6, 3], [5, 2], [4, 1])],
  ])('turns a picture by %s', (_, displayMatrix, degrees, expected) => {
    const orientation = orientationOf(displayMatrix);
    expect(rotationOf(orientation)).toBe(degrees);
    expect(swapsSides(orientation)).toBe(expected.width !== stored.width);
    expect(orient(stored, orientation)).toEqual(expected);
  });

  it('takes the nearest right angle, and upright where the matrix says nothing', () => {
    expect(rotationOf(orientationOf(matrix(0.1, 0.9, -0.9, 0.1)))).toBe(90);
    expect(orientationOf(matrix(0, 0, 0, 0))).toEqual(upright);
    expect(orientationOf(Buffer.alloc(4))).toEqual(upright);
    expect(orientationOf(null)).toEqual(upright);
  });

  it('does not copy an upright picture', () => {
    expect(orient(stored, upright)).toBe(stored);
  });
});
