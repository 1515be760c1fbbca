import { existsSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { numberedPicture, numberedPictures, temporaryFolder } from '../../test/media-fixtures.ts';
import { encodeVideo } from './encode.ts';
import { openClip } from './open.ts';

const file = temporaryFolder();

/** Mean squared error of the decoded clip against the pictures that went in. */
async function errorOf(path: string): Promise<number> {
  const reader = await openClip(path);
  let sum = 0;
  let count = 0;
  for await (const { index, data } of reader.frames({ kind: 'every', step: 1 })) {
    const { data: source } = numberedPicture(index);
    for (const [i, value] of data.entries()) sum += (value - source[i]) ** 2;
    count += data.length;
  }
  await reader.close();
  return sum / count;
}

describe('encodeVideo', () => {
  it('CRF 0, 23, 40: smaller files and larger errors, and none to speak of at 0', async () => {
    const sizes: number[] = [];
    const mse: number[] = [];
    for (const crf of [0, 23, 40]) {
      const path = file(`crf${crf}.mp4`);
      expect(await encodeVideo(numberedPictures(12), path, { crf, pixelFormat: 'yuv444p' })).toBe(12);
      sizes.push((await stat(path)).size);
      mse.push(await errorOf(path));
    }
    expect(sizes[0]).toBeGreaterThan(sizes[1]);
    expect(sizes[1]).toBeGreaterThan(sizes[2]);
    // What is left at 0 is the rounding of RGB to 8-bit YUV and back: less than one step.
    expect(mse[0]).toBeLessThan(1);
    expect(mse[1]).toBeGreaterThan(mse[0]);
    expect(mse[2]).toBeGreaterThan(mse[1]);
  });

  it('RGB without loss comes back to the bit', async () => {
    const path = file('rgb.mkv');
    await encodeVideo(numberedPictures(4), path, { codec: 'libx264rgb', crf: 0, pixelFormat: 'rgb24' });
    expect(await errorOf(path)).toBe(0);
  });

  it('a constant rate ignores the times; the last frame lasts too', async () => {
    const path = file('rate.mp4');
    await encodeVideo(numberedPictures(30, { time: (i) => i * i }), path, { frameRate: 29.97 });
    const reader = await openClip(path);
    expect(reader.info.frameRate).toBeCloseTo(30_000 / 1001, 6);
    expect(reader.info.durationSeconds).toBeCloseTo((30 * 1001) / 30_000, 3);
    expect((await reader.scan()).times[29]).toBeCloseTo((29 * 1001) / 30_000, 3);
    await reader.close();
  });

  it('leaves no file behind when it fails, and says where it cannot write', async () => {
    const path = file('half.mp4');
    const pictures = function* () {
      yield* numberedPictures(3);
      yield { ...numberedPicture(3, 104, 64), timeSeconds: 1 };
    };
    await expect(encodeVideo(pictures(), path, {})).rejects.toThrow('104x64 after 96x64');
    expect(existsSync(path)).toBe(false);
    await expect(encodeVideo(numberedPictures(1), file('no/such/folder.mp4'), {})).rejects.toMatchObject({
      code: 'OUTPUT_UNWRITABLE',
    });
  });
});
