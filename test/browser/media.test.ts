/** The browser's clip reader against Node's: the same frames, times and pixels, whatever the container and codec. */
import { readFile, writeFile } from 'node:fs/promises';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type EncodeOptions, encodeVideo } from '../../src/media/encode.ts';
import { encodeJpeg, encodePng } from '../../src/media/image.ts';
import { openClip } from '../../src/media/open.ts';
import { parseSampling } from '../../src/media/sampling.ts';
import type { Frame } from '../../src/media/types.ts';
import { numberedPicture, numberedPictures, numberOf, temporaryFolder } from '../media-fixtures.ts';
import type { Drawn } from './local-page/main.ts';
import { browserReason, haveChromium, openBrowser, openSite, type Site } from './page.ts';

const at = temporaryFolder();
let site: Site;
let browser: Browser;
let page: Page;

beforeAll(async () => {
  if (!haveChromium) return;
  site = await openSite();
  browser = await openBrowser();
  page = await browser.newPage();
  await page.goto(site.url);
});
afterAll(async () => {
  await browser?.close();
  await site?.close();
});

async function inBrowser(path: string, sampling: string): Promise<Drawn> {
  await page.setInputFiles('input', path);
  const drawn = await page.evaluate((policy) => window.draw(window.chosen(), 'clip', policy), sampling);
  return drawn as Drawn;
}

async function inNode(path: string, sampling: string) {
  const reader = await openClip(path);
  const { times, ...scan } = await reader.scan();
  const frames: Frame[] = [];
  for await (const frame of reader.frames(parseSampling(sampling))) frames.push({ ...frame });
  const { info, dropped } = reader;
  await reader.close();
  return { info, scan: { ...scan, times: [...times] }, frames, dropped };
}

const pixelsOf = (rgb: string) => new Uint8Array(Buffer.from(rgb, 'base64'));

/** Mean and largest difference of two pictures' bytes. */
function difference(a: Uint8Array, b: Uint8Array): { mean: number; most: number } {
  let sum = 0;
  let most = 0;
  for (let i = 0; i < a.length; i++) {
    const apart = Math.abs(a[i] - b[i]);
    sum += apart;
    most = Math.max(most, apart);
  }
  return { mean: sum / a.length, most };
}

/** Chromium decodes H.264, VP8, VP9 and AV1 in software; the rest of the table is what can differ in conversion. */
const clips: Record<string, EncodeOptions & { file: string }> = {
  'H.264 with B frames, many key frames': { file: 'a.mp4', keyFrameInterval: 12 },
  'H.264 in QuickTime, labelled BT.709': { file: 'b.mov', colour: 'bt709' },
  'H.264 of full range': { file: 'c.mp4', range: 'full' },
  'H.264 with a chroma sample a pixel': { file: 'd.mp4', pixelFormat: 'yuv444p' },
  'H.264 with chroma halved across only': { file: 'e.mp4', pixelFormat: 'yuv422p' },
  'H.264 turned by its metadata': { file: 'f.mp4', rotation: 90 },
  'H.264 in a transport stream': { file: 'g.ts' },
  'VP9 in WebM': { file: 'h.webm', codec: 'libvpx-vp9', crf: 20 },
  'VP8 in Matroska, with hidden frames': {
    file: 'i.mkv',
    codec: 'libvpx',
    crf: 10,
    codecOptions: { 'auto-alt-ref': '1', 'lag-in-frames': '16' },
  },
  'AV1 of ten bits': { file: 'j.mkv', codec: 'libsvtav1', crf: 20, pixelFormat: 'yuv420p10le' },
};

describe.skipIf(!haveChromium)(`frames in a browser${browserReason}`, () => {
  for (const [what, { file, ...options }] of Object.entries(clips)) {
    test(what, async () => {
      const path = at(file);
      await encodeVideo(numberedPictures(40), path, { crf: 12, ...options });
      const theirs = await inBrowser(path, 'every:3');
      const ours = await inNode(path, 'every:3');
      expect(theirs.error).toBeUndefined();
      expect(theirs.dropped).toEqual([]);
      const { container, codec, width, height, rotation, kind, audioTracks } = ours.info;
      expect(theirs.info).toMatchObject({ container, codec, width, height, rotation, kind, audioTracks });
      expect(theirs.scan.frames).toBe(ours.scan.frames);
      expect(theirs.scan.keyFrames).toEqual(ours.scan.keyFrames);
      for (const [i, time] of ours.scan.times.entries()) expect(theirs.scan.times[i]).toBeCloseTo(time, 5);
      expect(theirs.frames.map(({ index }) => index)).toEqual(ours.frames.map(({ index }) => index));
      for (const [i, frame] of ours.frames.entries()) {
        const { index, keyFrame, width: across, height: down, rgb } = theirs.frames[i];
        const data = pixelsOf(rgb);
        if (options.rotation === undefined)
          expect(numberOf({ width: across, height: down, data })).toBe(index);
        expect(keyFrame).toBe(frame.keyFrame);
        const apart = difference(data, frame.data);
        // Rounding alone is left: the same matrix, range, chroma place and kernel as in Node.
        expect(apart.mean).toBeLessThan(0.02);
        expect(apart.most).toBeLessThanOrEqual(1);
      }
    });
  }

  test('wide samples make a wide picture', async () => {
    const path = at('wide.mp4');
    await encodeVideo(numberedPictures(8), path, { crf: 12, sampleAspect: [2, 1] });
    const { info, frames } = await inBrowser(path, 'every:1');
    expect(info).toMatchObject({ width: 192, height: 64 });
    const ours = await inNode(path, 'every:1');
    for (const [i, { rgb, index }] of frames.entries()) {
      const data = pixelsOf(rgb);
      expect(numberOf({ width: 192, height: 64, data })).toBe(index);
      // Node enlarges by a cubic kernel, the browser linearly: edges differ, areas do not.
      expect(difference(data, ours.frames[i].data).mean).toBeLessThan(3);
    }
  });

  test.each([
    ['PNG', 'p.png', encodePng, 0],
    ['JPEG', 'p.jpg', (picture: Parameters<typeof encodePng>[0]) => encodeJpeg(picture, 95), 2],
  ] as const)('a %s', async (_, file, encode, most) => {
    await writeFile(at(file), await encode(numberedPicture(7)));
    const theirs = await inBrowser(at(file), 'even:32');
    const ours = await inNode(at(file), 'even:32');
    const { container, codec, width, height, kind } = ours.info;
    expect(theirs.info).toMatchObject({ container, codec, width, height, kind });
    expect(difference(pixelsOf(theirs.frames[0].rgb), ours.frames[0].data).most).toBeLessThanOrEqual(most);
  });

  test('a damaged stretch costs its frames and no others', async () => {
    const path = at('whole.mp4');
    await encodeVideo(numberedPictures(60), path, { crf: 12, keyFrameInterval: 10 });
    const bytes = await readFile(path);
    const [from, to] = stretchOf(bytes);
    bytes.fill(0xff, from, to);
    await writeFile(at('hole.mp4'), bytes);
    const { frames, dropped } = await inBrowser(at('hole.mp4'), 'every:1');
    const lost = dropped.reduce((sum, { count }) => sum + count, 0);
    expect(lost).toBeGreaterThan(0);
    expect(lost).toBeLessThanOrEqual(20);
    expect(frames.length + lost).toBe(60);
    // Frames before and after the hole are whole, and each is the one that it says it is.
    for (const { index, rgb } of frames.filter(({ index }) => index < 20 || index >= 40)) {
      expect(numberOf({ width: 96, height: 64, data: pixelsOf(rgb) })).toBe(index);
    }
    expect(frames.filter(({ index }) => index < 20 || index >= 40)).toHaveLength(40);
  });

  test('a file that ends early gives what it holds and says what is missing', async () => {
    const path = at('long.mp4');
    await encodeVideo(numberedPictures(60), path, {
      crf: 12,
      keyFrameInterval: 10,
      containerOptions: { movflags: 'faststart' },
    });
    const bytes = await readFile(path);
    await writeFile(at('cut.mp4'), bytes.subarray(0, Math.round(bytes.length * 0.6)));
    const theirs = await inBrowser(at('cut.mp4'), 'every:1');
    const ours = await inNode(at('cut.mp4'), 'every:1');
    expect(theirs.scan.truncated).toBe(true);
    expect(theirs.frames.length).toBeGreaterThan(10);
    expect(Math.abs(theirs.scan.frames - ours.scan.frames)).toBeLessThanOrEqual(1);
    expect(theirs.dropped.map(({ reason }) => reason)).toContain('file ends early');
  });

  test.each([
    ['CLIP_EMPTY', 'empty.mp4', async () => Buffer.alloc(0)],
    [
      'CLIP_NOT_MEDIA',
      'noise.mp4',
      async () => Buffer.from(Array.from({ length: 4000 }, (_, i) => (i * 7919) & 255)),
    ],
    ['CLIP_NOT_MEDIA', 'broken.png', async () => (await encodePng(numberedPicture(1))).subarray(0, 60)],
    ['CLIP_NOT_LOCAL', 'old.avi', () => made('old.avi', { codec: 'mpeg4', crf: 3, frameRate: 25 })],
    ['CLIP_NOT_LOCAL', 'mpeg4.mp4', () => made('mpeg4.mp4', { codec: 'mpeg4', crf: 3, frameRate: 25 })],
    ['CLIP_TRUNCATED', 'headless.mp4', async () => (await made('index-last.mp4', {})).subarray(0, 2000)],
  ] as const)('%s for %s', async (code, file, bytes) => {
    await writeFile(at(file), await bytes());
    const { error, frames } = await inBrowser(at(file), 'even:4');
    expect(error?.code).toBe(code);
    expect(frames ?? []).toEqual([]);
  });
});

async function made(file: string, options: EncodeOptions): Promise<Buffer> {
  await encodeVideo(numberedPictures(20), at(file), options);
  return readFile(at(file));
}

/** A few hundred bytes in the third tenth of the media data, which starts behind the `mdat` box's header. */
function stretchOf(bytes: Buffer): [from: number, to: number] {
  const start = bytes.indexOf('mdat') + 4;
  const size = bytes.readUInt32BE(start - 8);
  const from = start + Math.round(size * 0.45);
  return [from, from + 300];
}
