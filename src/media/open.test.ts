/** Every container and codec, opened, scanned and decoded: the numbers painted in the frames must come back. */
import { readFile, rename } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import {
  makeClip,
  numberedPictures,
  numberOf,
  pixel,
  remux,
  temporaryFolder,
} from '../../test/media-fixtures.ts';
import { type EncodeOptions, encodeVideo } from './encode.ts';
import { openClip } from './open.ts';
import { parseSampling } from './sampling.ts';
import type { ClipReader, Frame } from './types.ts';

const file = temporaryFolder();

async function draw(reader: ClipReader, sampling: string, path: 'exact' | 'all' = 'exact'): Promise<Frame[]> {
  const frames: Frame[] = [];
  for await (const frame of reader.frames(parseSampling(sampling), { path })) frames.push(frame);
  return frames;
}

const count = 30;
const interval = { keyFrameInterval: 10 };
const quiet = { codecOptions: { 'x265-params': 'log-level=none' } };
const cases: [name: string, container: string, codec: string, options: EncodeOptions][] = [
  ['h264.mp4', 'mp4', 'h264', {}],
  ['h264.mov', 'mov', 'h264', {}],
  ['h264.m4v', 'mp4', 'h264', { container: 'mp4' }],
  ['h264.mkv', 'matroska', 'h264', {}],
  ['h264.avi', 'avi', 'h264', { frameRate: 25, codecOptions: { bf: '0' } }],
  ['h264.ts', 'mpegts', 'h264', { frameRate: 25 }],
  ['hevc.mp4', 'mp4', 'hevc', { codec: 'libx265', ...quiet }],
  ['vp8.webm', 'webm', 'vp8', { codec: 'libvpx', crf: 10 }],
  ['vp9.webm', 'webm', 'vp9', { codec: 'libvpx-vp9', crf: 30 }],
  ['av1.mp4', 'mp4', 'av1', { codec: 'libsvtav1', codecOptions: { preset: '8' } }],
  ['mpeg1.mpg', 'mpeg', 'mpeg1video', { codec: 'mpeg1video', frameRate: 25 }],
  ['mpeg2.mpg', 'mpeg', 'mpeg2video', { codec: 'mpeg2video', frameRate: 25, container: 'vob' }],
  ['mpeg2.ts', 'mpegts', 'mpeg2video', { codec: 'mpeg2video', frameRate: 25, codecOptions: { bf: '2' } }],
  ['mpeg4.avi', 'avi', 'mpeg4', { codec: 'mpeg4', frameRate: 25 }],
  ['prores.mov', 'mov', 'prores', { codec: 'prores_ks', pixelFormat: 'yuv422p10le' }],
  ['mjpeg.avi', 'avi', 'mjpeg', { codec: 'mjpeg', frameRate: 25, pixelFormat: 'yuvj420p', range: 'full' }],
  ['animation.gif', 'gif', 'gif', { codec: 'gif', frameRate: 25, pixelFormat: 'rgb8' }],
  ['animation.webp', 'webp_anim', 'webp_anim', { codec: 'libwebp_anim', frameRate: 25, pixelFormat: 'bgra' }],
];

describe('openClip on every container and codec', () => {
  it.each(cases)('%s', async (name, container, codec, options) => {
    const path = await makeClip(file(name), count, { crf: 5, ...interval, ...options });
    const reader = await openClip(path);
    expect(reader.info).toMatchObject({
      container,
      codec,
      width: 96,
      height: 64,
      rotation: 0,
      videoTracks: 1,
    });
    const scan = await reader.scan();
    expect(scan).toMatchObject({ frames: count, truncated: false });
    for (const [i, time] of scan.times.entries()) expect(time).toBeCloseTo(i / 25, 2);

    const all = await draw(reader, 'every:1');
    expect(all.map(numberOf2)).toEqual(all.map((_, i) => i));
    expect(all.map(({ index }) => index)).toEqual(all.map((_, i) => i));
    expect(all).toHaveLength(count);
    expect((await draw(reader, 'even:4')).map(numberOf2)).toEqual([0, 10, 19, 29]);
    expect((await draw(reader, 'range:7+4')).map(numberOf2)).toEqual([7, 8, 9, 10]);

    // Nothing but key frames goes into the decoder, and each is the frame that the full pass gives.
    const before = reader.work.packetsDecoded;
    const keys = await draw(reader, 'keyframes');
    expect(keys.map(({ index }) => index)).toEqual(scan.keyFrames);
    expect(reader.work.packetsDecoded - before).toBe(scan.keyFrames.length);
    for (const key of keys) expect(Buffer.compare(key.data, all[key.index].data)).toBe(0);
    expect(reader.dropped).toEqual([]);
    await reader.close();
  });
});

const numberOf2 = (frame: Frame) => numberOf(frame);

describe('what the metadata asks for', () => {
  const red = [255, 0, 0];
  const isRed = ([r, g, b]: readonly number[]) => r > 180 && g < 80 && b < 80;

  it.each([
    [90, 64, 96, [60, 4]],
    [180, 96, 64, [92, 60]],
    [270, 64, 96, [4, 92]],
  ] as const)('rotation %d comes out upright', async (rotation, width, height, [x, y]) => {
    const path = await makeClip(file(`turned${rotation}.mp4`), 3, { crf: 5, rotation });
    const reader = await openClip(path);
    expect(reader.info).toMatchObject({ width, height, rotation });
    const [frame] = await draw(reader, 'range:0+1');
    expect([frame.width, frame.height]).toEqual([width, height]);
    // The stored top left corner is red; turned, it is elsewhere and the old place is not.
    expect(isRed(pixel(frame, x, y)), `${pixel(frame, x, y)} should be ${red}`).toBe(true);
    expect(isRed(pixel(frame, 4, 4))).toBe(false);
    await reader.close();
  });

  it.each([
    [[2, 1], 192, 64],
    [[1, 2], 96, 128],
    [[12, 11], 105, 64],
  ] as const)('sample aspect %j gives square pixels', async (sampleAspect, width, height) => {
    const path = await makeClip(file(`aspect${sampleAspect[0]}.mp4`), 2, { crf: 5, sampleAspect });
    const reader = await openClip(path);
    expect(reader.info).toMatchObject({ width, height });
    const [, frame] = await draw(reader, 'every:1');
    expect(frame.data).toHaveLength(width * height * 3);
    expect(numberOf(frame)).toBe(1);
    await reader.close();
  });

  it.each(['h264.mp4', 'h264.mkv'])('variable frame rate: real timestamps (%s)', async (name) => {
    const times = [0, 0.04, 0.1, 0.5, 0.54, 1.2, 1.9, 2];
    const path = file(`vfr-${name}`);
    await encodeVideo(numberedPictures(8, { time: (i) => 0.3 + times[i] }), path, {});
    const reader = await openClip(path);
    const frames = await draw(reader, 'every:1');
    for (const [i, { timeSeconds }] of frames.entries()) expect(timeSeconds).toBeCloseTo(times[i], 3);
    expect((await draw(reader, 'fps:2')).map(numberOf2)).toEqual([0, 3, 5, 6, 7]);
    await reader.close();
  });

  it.each(['yuv420p10le', 'yuv422p', 'yuv444p'])('%s, and the same colours from it', async (pixelFormat) => {
    const path = await makeClip(file(`${pixelFormat}.mp4`), 2, { crf: 1, pixelFormat });
    const reader = await openClip(path);
    expect(reader.info.pixelFormat).toBe(pixelFormat);
    const [frame] = await draw(reader, 'every:1');
    for (const [i, value] of pixel(frame, 7, 7).entries()) expect(Math.abs(value - red[i])).toBeLessThan(8);
    await reader.close();
  });

  it.each([
    ['bt601', 'limited'],
    ['bt709', 'limited'],
    ['bt601', 'full'],
    ['bt709', 'full'],
    [undefined, 'limited'],
  ] as const)('colour matrix %s, range %s: red stays red', async (colour, range) => {
    const path = file(`colour-${colour}-${range}.mp4`);
    await makeClip(path, 2, { crf: 1, pixelFormat: 'yuv444p', range, ...(colour && { colour }) });
    const reader = await openClip(path);
    const [frame] = await draw(reader, 'every:1');
    // A wrong matrix moves red by 20 and more, a wrong range by 16.
    for (const [i, value] of pixel(frame, 7, 7).entries()) expect(Math.abs(value - red[i])).toBeLessThan(6);
    await reader.close();
  });

  it('odd sizes lose no row and no column', async () => {
    const path = file('odd.mp4');
    await encodeVideo(numberedPictures(3, { width: 97, height: 65 }), path, { pixelFormat: 'yuv444p' });
    const reader = await openClip(path);
    const [frame] = await draw(reader, 'every:1');
    expect([frame.width, frame.height, frame.data.length]).toEqual([97, 65, 97 * 65 * 3]);
    await reader.close();
  });

  it.each(['mkv', 'mov'])(
    'several video tracks and sound in %s: one track is read, all are counted',
    async (type) => {
      const first = await makeClip(file(`first-${type}.mp4`), 20, {});
      const second = await makeClip(file(`second-${type}.mp4`), 5, {});
      const reader = await openClip(await remux([first, second], file(`two.${type}`), { audio: true }));
      expect(reader.info).toMatchObject({ videoTracks: 2, audioTracks: 1 });
      expect((await draw(reader, 'every:1')).map(numberOf2)).toEqual(Array.from({ length: 20 }, (_, i) => i));
      await reader.close();
    },
  );

  it('goes by content, not by name', async () => {
    const path = await makeClip(file('really.mp4'), 2, {});
    await rename(path, file('really.png'));
    const reader = await openClip(file('really.png'));
    expect(reader.info).toMatchObject({ kind: 'video', container: 'mp4' });
    await reader.close();
    expect((await readFile(file('really.png'))).subarray(4, 8).toString()).toBe('ftyp');
  });
});
