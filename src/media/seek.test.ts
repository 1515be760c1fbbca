/** Short cuts must not change a pixel: restarts at key frames against decoding everything. */
import { readdirSync, readlinkSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { makeClip, numberOf, temporaryFolder } from '../../test/media-fixtures.ts';
import { haveSharedData, shared, skipReason } from '../../test/shared-data.ts';
import { sha256 } from '../base/hash.ts';
import type { EncodeOptions } from './encode.ts';
import { openClip } from './open.ts';
import { parseSampling } from './sampling.ts';
import type { ClipReader } from './types.ts';

const file = temporaryFolder();

/** What a frame is, to the bit: index → digest of pixels, time and key flag. */
async function digests(
  reader: ClipReader,
  sampling: string,
  path: 'exact' | 'all',
): Promise<Map<number, string>> {
  const found = new Map<number, string>();
  for await (const frame of reader.frames(parseSampling(sampling), { path })) {
    found.set(frame.index, `${sha256(frame.data)} ${frame.timeSeconds} ${frame.keyFrame}`);
  }
  return found;
}

async function expectSameFrames(path: string, policies: readonly string[]): Promise<void> {
  const reader = await openClip(path);
  for (const policy of policies) {
    const all = await digests(reader, policy, 'all');
    const quick = await digests(reader, policy, 'exact');
    expect(quick.size).toBeGreaterThan(0);
    expect([...quick], policy).toEqual([...all]);
  }
  expect(reader.dropped).toEqual([]);
  await reader.close();
}

const policies = [
  'every:1',
  'even:2',
  'even:7',
  'every:13',
  'every:90',
  'every:23',
  'range:95+20',
  'fps:1.5',
];
const closed = { keyFrameInterval: 30, crf: 23 };
const open = {
  ...closed,
  codecOptions: { 'x264-params': 'open-gop=1:bframes=3:b-pyramid=normal:ref=4:scenecut=0', threads: '1' },
};
const cases: [string, EncodeOptions][] = [
  ['closed.mp4', closed],
  ['open.mp4', open],
  ['open.mkv', open],
  ['open.ts', { ...open, frameRate: 25 }],
  // Nine frames that are shown before a key frame are stored after it: further than the restart margin.
  [
    'deep.mp4',
    {
      ...closed,
      codecOptions: {
        'x264-params': 'open-gop=1:bframes=9:b-adapt=0:b-pyramid=normal:ref=4:scenecut=0',
        threads: '1',
      },
    },
  ],
  [
    'refresh.ts',
    { ...closed, frameRate: 25, codecOptions: { 'x264-params': 'intra-refresh=1:bframes=0', threads: '1' } },
  ],
  ['hevc.mp4', { ...closed, codec: 'libx265', codecOptions: { 'x265-params': 'log-level=none:open-gop=1' } }],
  ['vp9.webm', { ...closed, codec: 'libvpx-vp9' }],
  ['vp8.webm', { ...closed, codec: 'libvpx', codecOptions: { 'auto-alt-ref': '1', 'lag-in-frames': '16' } }],
  ['mpeg2.ts', { ...closed, crf: 5, codec: 'mpeg2video', frameRate: 25, codecOptions: { bf: '2' } }],
  ['mpeg1.mpg', { ...closed, crf: 5, codec: 'mpeg1video', frameRate: 25, codecOptions: { bf: '2' } }],
  ['mpeg4.mp4', { ...closed, crf: 5, codec: 'mpeg4', frameRate: 25, codecOptions: { bf: '2' } }],
];

describe('restarting at key frames', () => {
  it.each(cases)('gives the same frames to the bit: %s', async (name, options) => {
    await expectSameFrames(await makeClip(file(name), 200, options), policies);
  });

  it.each(['mp4', 'mkv'])('jumps in the file instead of decoding it all (%s)', async (type) => {
    const path = await makeClip(file(`long.${type}`), 1000, closed);
    const reader = await openClip(path);
    const numbers: number[] = [];
    for await (const frame of reader.frames(parseSampling('even:3'))) numbers.push(numberOf(frame));
    expect(numbers).toEqual([0, 500, 999]);
    // 500 is 20 after its key frame 480, 999 is 9 after 990.
    expect(reader.work.packetsDecoded).toBeLessThanOrEqual(1 + 30 + 30);
    expect(reader.work.framesConverted).toBe(3);
    await reader.close();
  });

  it('times and counts of a clip are the same whichever policy asks first', async () => {
    const reader = await openClip(await makeClip(file('twice.mp4'), 60, closed));
    const first = await digests(reader, 'even:5', 'exact');
    const second = await digests(reader, 'even:5', 'exact');
    expect([...second]).toEqual([...first]);
    await reader.close();
  });
});

describe.skipIf(!haveSharedData)(`clips that no one here made${skipReason}`, () => {
  it.each([
    ['ffpp-c40-183.mp4', 390, 2],
    ['several-people-cuts.mp4', 275, 6],
    ['hdtf-WDA_KatieHill_000.mp4', 200, 17],
    ['grid-bbaf2n.mpg', 75, 7],
    ['grid-swiz3n.mpg', 75, 7],
  ])('%s: frame count, key frames, and the same pixels by every path', async (name, frames, keyFrames) => {
    const path = shared(`dev/videos/${name}`);
    const reader = await openClip(path);
    const scan = await reader.scan();
    expect([scan.frames, scan.keyFrames.length]).toEqual([frames, keyFrames]);
    await reader.close();
    await expectSameFrames(path, ['even:4', 'keyframes']);
  });
});

describe('resources', () => {
  const openFiles = () =>
    readdirSync('/proc/self/fd').filter((fd) => {
      try {
        return readlinkSync(`/proc/self/fd/${fd}`).includes('mesoscope-media-');
      } catch {
        return false;
      }
    }).length;
  const onLinux = process.platform === 'linux';

  it.runIf(onLinux)('no file stays open after close, early return, abort or error', async () => {
    const path = await makeClip(file('handles.mp4'), 100, closed);
    const before = openFiles();
    const finished = await openClip(path);
    for await (const _ of finished.frames(parseSampling('even:4')));
    await finished.close();

    const left = await openClip(path);
    for await (const frame of left.frames(parseSampling('every:1'))) if (frame.index === 5) break;
    await left.close();

    // Closed while a consumer holds a frame.
    const held = await openClip(path);
    const frames = held.frames(parseSampling('every:1'))[Symbol.asyncIterator]();
    await frames.next();
    await held.close();
    await held.close();
    expect((await frames.next()).done).toBe(true);

    const aborted = await openClip(path);
    const controller = new AbortController();
    const reason = new Error('enough');
    let seen = 0;
    await expect(async () => {
      for await (const _ of aborted.frames(parseSampling('every:1'), { signal: controller.signal })) {
        if (++seen === 3) controller.abort(reason);
      }
    }).rejects.toBe(reason);
    expect(seen).toBe(3);
    await aborted.close();
    await expect(aborted.frames(parseSampling('every:1'))[Symbol.asyncIterator]().next()).rejects.toThrow(
      /closed/,
    );
    expect(openFiles()).toBe(before);
  });

  it('memory does not grow with the number of frames drawn', async () => {
    const reader = await openClip(await makeClip(file('memory.mp4'), 1000, { crf: 40 }));
    let early = 0;
    let late = 0;
    for await (const { index } of reader.frames(parseSampling('every:1'))) {
      // 1000 frames are 18 MB of RGB and as much again of YUV.
      if (index === 200) early = process.memoryUsage.rss();
      if (index === 999) late = process.memoryUsage.rss();
    }
    expect(late - early).toBeLessThan(12e6);
    await reader.close();
  });

  it('the event loop turns while frames are decoded', async () => {
    const reader = await openClip(await makeClip(file('turns.mp4'), 600, closed));
    let turns = 0;
    const timer = setInterval(() => turns++, 1);
    for await (const _ of reader.frames(parseSampling('range:599+1'), { path: 'all' }));
    clearInterval(timer);
    expect(turns).toBeGreaterThan(0);
    await reader.close();
  });
});
