import { describe, expect, test } from 'vitest';
import { placeAt } from './where.ts';

const frame = (timeSeconds: number, x: number) => ({
  frameIndex: Math.round(timeSeconds * 25),
  timeSeconds,
  box: { x, y: 10, width: 100, height: 120 },
  score: 0.5,
});
// Looks at every second; between 2 and 6 the person was not seen.
const track = { frames: [frame(0, 0), frame(1, 100), frame(2, 200), frame(6, 600)] };

describe('where a person is', () => {
  test('at a look, the box as it was seen', () => {
    expect(placeAt(track, 1, 1)).toMatchObject({ between: false, box: { x: 100 } });
    expect(placeAt(track, 1.015, 1)).toMatchObject({ between: false, box: { x: 100 } });
  });

  test('between two looks, in proportion, with the nearer look’s score and map', () => {
    expect(placeAt(track, 0.25, 1)).toMatchObject({
      between: true,
      box: { x: 25 },
      nearest: { frameIndex: 0 },
    });
    expect(placeAt(track, 0.75, 1)).toMatchObject({
      between: true,
      box: { x: 75 },
      nearest: { frameIndex: 25 },
    });
  });

  test('nowhere, where the person was not seen for long', () => {
    expect(placeAt(track, 4, 1)).toBeNull();
    expect(placeAt(track, 2.4, 1)).toMatchObject({ between: true, box: { x: 200 } });
    expect(placeAt(track, 5.6, 1)).toMatchObject({ between: true, box: { x: 600 } });
    expect(placeAt(track, 6.6, 1)).toBeNull();
    expect(placeAt({ frames: [] }, 1, 1)).toBeNull();
  });
});
