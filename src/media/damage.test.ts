/** Bad input: a clear error, or whatever still decodes together with a count of what does not. */
import { execFileSync } from 'node:child_process';
import { readFile, symlink, truncate, writeFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { makeClip, numberOf, remux, temporaryFolder } from '../../test/media-fixtures.ts';
import { openClip } from './open.ts';
import { parseSampling } from './sampling.ts';
import type { Dropped, Frame, PacketScan } from './types.ts';

const file = temporaryFolder();
const faststart = { keyFrameInterval: 20, containerOptions: { movflags: 'faststart' } };

interface Outcome {
  scan: PacketScan;
  frames: Pick<Frame, 'index' | 'afterDamage' | 'timeSeconds'>[];
  numbers: number[];
  dropped: readonly Dropped[];
  lost: number;
}

async function drawAll(path: string): Promise<Outcome> {
  const reader = await openClip(path);
  try {
    const frames: Outcome['frames'] = [];
    const numbers: number[] = [];
    const scan = await reader.scan();
    for await (const { data, width, height, ...frame } of reader.frames(parseSampling('every:1'))) {
      frames.push(frame);
      numbers.push(numberOf({ data, width, height }));
    }
    const { dropped } = reader;
    return { scan, frames, numbers, dropped, lost: dropped.reduce((sum, { count }) => sum + count, 0) };
  } finally {
    await reader.close();
  }
}

async function cut(from: string, to: string, share: number): Promise<string> {
  const bytes = await readFile(from);
  await writeFile(to, bytes.subarray(0, Math.floor(bytes.length * share)));
  return to;
}

describe('files that are no clip', () => {
  it.each([
    ['a missing file', 'CLIP_MISSING', async () => file('nothing.mp4')],
    ['a path through a file', 'CLIP_MISSING', async () => `${await text()}/x.mp4`],
    ['a link to itself', 'CLIP_UNREADABLE', loop],
    ['an empty file', 'CLIP_EMPTY', () => written('empty.mp4', '')],
    ['text named .mp4', 'CLIP_NOT_MEDIA', text],
    ['a playlist of addresses', 'CLIP_NOT_MEDIA', playlist],
    [
      'a concat script',
      'CLIP_NOT_MEDIA',
      () => written('concat.mp4', 'ffconcat version 1.0\nfile text.mp4\n'),
    ],
    [
      'an SDP description',
      'CLIP_NOT_MEDIA',
      () => written('s.sdp', 'v=0\nm=video 5004 RTP/AVP 96\na=rtpmap:96 H264/90000\n'),
    ],
    ['a folder', 'CLIP_NOT_MEDIA', async () => file('.')],
    ['a pipe', 'CLIP_NOT_MEDIA', pipe],
    ['an mp4 cut before its index', 'CLIP_TRUNCATED', noIndex],
    ['sound only (mov)', 'CLIP_NO_VIDEO', () => remux([], file('sound.mov'), { audio: true })],
    ['sound only (mkv)', 'CLIP_NO_VIDEO', () => remux([], file('sound.mkv'), { audio: true })],
  ] as const)('%s: %s', async (_, code, make) => {
    const path = await make();
    await expect(openClip(path)).rejects.toMatchObject({ name: 'UserError', code });
    await expect(openClip(path)).rejects.toThrow(path);
  });

  const written = async (name: string, content: string | Buffer) => {
    await writeFile(file(name), content);
    return file(name);
  };
  async function text() {
    return written('text.mp4', 'The quick brown fox.\n'.repeat(100));
  }
  async function playlist() {
    return written('list.m3u8', '#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nhttp://127.0.0.1:9/x.ts\n');
  }
  async function loop() {
    await symlink(file('loop.mp4'), file('loop.mp4')).catch(() => undefined);
    return file('loop.mp4');
  }
  async function pipe() {
    execFileSync('sh', ['-c', `test -p "${file('pipe.mp4')}" || mkfifo "${file('pipe.mp4')}"`]);
    return file('pipe.mp4');
  }
  async function noIndex() {
    return cut(await makeClip(file('late.mp4'), 40), file('noindex.mp4'), 0.6);
  }

  it('an unknown codec', async () => {
    const path = await makeClip(file('known.mp4'), 3);
    const bytes = await readFile(path);
    // The sample entry's four-character code names the codec.
    const at = bytes.lastIndexOf('avc1');
    bytes.write('zzzz', at, 'latin1');
    await writeFile(path, bytes);
    await expect(openClip(path)).rejects.toMatchObject({ code: 'CLIP_CODEC_UNKNOWN' });
  });

  it('an index without frames (zero duration)', async () => {
    const path = await makeClip(file('hollow.mp4'), 3, {
      containerOptions: { movflags: 'empty_moov+frag_keyframe' },
    });
    const bytes = await readFile(path);
    await truncate(path, bytes.indexOf('moof') - 4);
    const reader = await openClip(path);
    await expect(reader.scan()).rejects.toMatchObject({ code: 'CLIP_NO_FRAMES' });
    await expect(drawAll(path)).rejects.toMatchObject({ code: 'CLIP_NO_FRAMES' });
    await reader.close();
  });

  it('packets of which none decodes', async () => {
    const path = await makeClip(file('noise.mp4'), 10, { ...faststart, keyFrameInterval: 1 });
    const bytes = await readFile(path);
    bytes.fill(0x55, bytes.indexOf('mdat') + 4);
    await writeFile(path, bytes);
    await expect(drawAll(path)).rejects.toMatchObject({ code: 'CLIP_NO_FRAMES' });
  });

  it('more pixels than allowed', async () => {
    const path = await makeClip(file('large.mp4'), 2);
    await expect(openClip(path, { maxPixels: 96 * 64 - 1 })).rejects.toMatchObject({
      code: 'CLIP_TOO_LARGE',
    });
    const reader = await openClip(path, { maxPixels: 96 * 64 });
    await reader.close();
  });
});

describe('files that are damaged', () => {
  it('an mp4 cut in the middle: what is there decodes, what is not is counted', async () => {
    const whole = await makeClip(file('whole.mp4'), 60, faststart);
    const { scan, frames, numbers, lost, dropped } = await drawAll(await cut(whole, file('cut.mp4'), 0.7));
    expect(scan.truncated).toBe(true);
    expect(frames.length).toBeGreaterThan(5);
    expect(frames.length).toBeLessThan(60);
    // Nothing is counted twice and nothing is forgotten.
    expect(frames.length + lost).toBe(60);
    expect(dropped).toContainEqual({ reason: 'file ends early', count: 60 - scan.frames });
    // B frames at the cut lack what comes after, so the last number may jump; the rest is in order.
    expect(numbers.slice(0, -1)).toEqual(frames.slice(0, -1).map(({ index }) => index));
  });

  it.each([
    ['mkv', {}],
    ['avi', { codec: 'mpeg4', frameRate: 25 }],
    ['webm', { codec: 'libvpx-vp9' }],
    ['mp4', { containerOptions: { movflags: 'frag_keyframe+empty_moov' } }],
  ])('%s cut in the middle is known to be cut', async (type, options) => {
    const whole = await makeClip(file(`whole2.${type}`), 60, { keyFrameInterval: 20, ...options });
    expect((await drawAll(whole)).scan.truncated).toBe(false);
    const { scan, frames, dropped } = await drawAll(await cut(whole, file(`cut2.${type}`), 0.6));
    expect(scan.truncated).toBe(true);
    expect(frames.length).toBeGreaterThan(5);
    expect(dropped.find(({ reason }) => reason === 'file ends early')?.count).toBeGreaterThan(0);
  });

  it.each([
    ['h264', faststart],
    ['hevc', { ...faststart, codec: 'libx265', codecOptions: { 'x265-params': 'log-level=none' } }],
  ])(
    '%s packets overwritten: lost frames are counted, later ones marked, the next key frame heals',
    async (name, options) => {
      const path = await makeClip(file(`${name}-bad.mp4`), 60, options);
      const bytes = await readFile(path);
      const data = bytes.indexOf('mdat') + 4;
      const from = data + Math.floor((bytes.length - data) * 0.4);
      bytes.fill(0x55, from, from + Math.floor((bytes.length - data) * 0.05));
      await writeFile(path, bytes);
      const { scan, frames, numbers, lost, dropped } = await drawAll(path);
      expect(scan).toMatchObject({ frames: 60, truncated: false });
      expect(lost).toBeGreaterThan(0);
      expect(frames.length + lost).toBe(60);
      for (const { reason } of dropped)
        expect(reason).toMatch(/packet could not be decoded|frame is damaged/);
      for (const [i, { index, afterDamage }] of frames.entries()) {
        // A frame that is not marked shows what was stored.
        if (!afterDamage) expect(numbers[i]).toBe(index);
      }
      // The last group of pictures is whole.
      const tail = frames.filter(({ index }) => index >= 40);
      expect(tail).toHaveLength(20);
      for (const { afterDamage } of tail) expect(afterDamage).toBeUndefined();
    },
  );

  it('a transport stream with missing pieces: the frame is dropped, and what refers to it is marked', async () => {
    const path = await makeClip(file('bad.ts'), 60, { frameRate: 25, keyFrameInterval: 20 });
    const bytes = await readFile(path);
    // Whole 188-byte packets, so that only the continuity counter tells.
    const from = Math.floor(bytes.length / 2 / 188) * 188;
    bytes.fill(0x55, from, from + 188);
    await writeFile(path, bytes);
    const { frames, numbers, dropped } = await drawAll(path);
    expect(dropped).toContainEqual({ reason: 'frame is damaged', count: 1 });
    expect(frames.some(({ afterDamage }) => afterDamage)).toBe(true);
    expect(numbers.slice(0, 15)).toEqual(Array.from({ length: 15 }, (_, i) => i));
  });

  it('asking twice does not count a loss twice', async () => {
    const path = file('cut.mp4');
    const reader = await openClip(path);
    for await (const _ of reader.frames(parseSampling('every:1')));
    const once = reader.dropped;
    for await (const _ of reader.frames(parseSampling('every:1')));
    expect(reader.dropped).toEqual(once);
    await reader.close();
  });
});
