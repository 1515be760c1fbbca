/** Clips and pictures made to harm: each is read, or refused with a code; nothing else of the machine is touched. */
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { UserError } from '../../src/base/errors.ts';
import { Random } from '../../src/base/random.ts';
import { detectorHash } from '../../src/detect/bundled.ts';
import { defaultDetector } from '../../src/detect/default-detector.ts';
import { encodeJpeg, encodePng } from '../../src/media/image.ts';
import { openClip } from '../../src/media/open.ts';
import { parseSampling } from '../../src/media/sampling.ts';
import { runChild } from '../../src/server/jobs/child.ts';
import { probeConfinement } from '../../src/server/sandbox/sandbox.ts';
import { makeClip, numberedPicture, temporaryFolder } from '../media-fixtures.ts';
import { builtAnalysis } from '../server.ts';
import { type Crafted, craftedMedia, craftedNames } from './crafted.ts';
import { mutated } from './mutations.ts';

const made = temporaryFolder();
/** As on the server. */
const maxPixels = 35_389_440;

let asked: string[] = [];
let server: Server;
let crafted: Crafted[] = [];
beforeAll(async () => {
  server = createServer((request, answer) => {
    asked.push(request.url ?? '');
    answer.end();
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  // A real clip, which would be read were it followed to.
  const secret = await makeClip(made('secret'), 3, { container: 'mp4' });
  crafted = craftedMedia(secret, `http://127.0.0.1:${port}`);
});
const bytesOf = (name: string) => crafted.find((file) => file.name === name)?.bytes ?? new Uint8Array();
afterAll(() => void server.close());

/** What reading says: how many frames came, that those asked for were lost, or the code. Whatever else is thrown is ours. */
async function read(bytes: Uint8Array, name: string): Promise<number | string> {
  const path = made(`in-${name.replace(/[^a-z0-9.]/gi, '_')}`);
  await writeFile(path, bytes);
  try {
    const reader = await openClip(path, { maxPixels });
    try {
      await reader.scan();
      let frames = 0;
      for await (const { width, height, data } of reader.frames(parseSampling('even:3'))) {
        frames++;
        expect(width * height).toBeLessThanOrEqual(maxPixels);
        expect(data.length).toBe(width * height * 3);
      }
      // Those that were asked for were lost and others were not: then it is told how many.
      return frames === 0 && reader.dropped.length > 0 ? 'dropped' : frames;
    } finally {
      await reader.close();
    }
  } catch (error) {
    if (error instanceof UserError) return error.code;
    throw new Error(`${name}: ${error}`, { cause: error });
  }
}

describe('crafted files', () => {
  test.each(craftedNames)('%s', async (name) => {
    asked = [];
    const before = process.memoryUsage().rss;
    const said = await read(bytesOf(name), name);
    // Nothing of them holds a picture, but for the small ones that carry something beside it.
    const readable = ['png with a text of half a gigabyte.png', 'gif of many frames.gif'];
    if (readable.includes(name)) expect(said).toBeGreaterThan(0);
    else expect(said).toMatch(/^CLIP_/);
    expect(asked).toEqual([]);
    expect(process.memoryUsage().rss - before).toBeLessThan(700 * 2 ** 20);
  });

  test('all of them were tried, none under the name of another', () => {
    expect(crafted.map(({ name }) => name)).toEqual([...new Set(craftedNames)]);
  });
});

describe('damaged clips and pictures, by a seed', () => {
  const corpus: { name: string; bytes: Uint8Array }[] = [];
  const said = new Map<string, number>();
  beforeAll(async () => {
    const picture = numberedPicture(5, 128, 96);
    for (const name of ['a.mp4', 'b.mkv', 'c.avi']) {
      corpus.push({ name, bytes: await readFile(await makeClip(made(name), 8)) });
    }
    corpus.push({ name: 'd.jpg', bytes: await encodeJpeg(picture) });
    corpus.push({ name: 'e.png', bytes: await encodePng(picture) });
  });

  test.each([1, 2, 3, 4])('seed %i: frames or a code', async (seed) => {
    const random = new Random(seed, 'hostile');
    for (let i = 0; i < 25; i++) {
      const { name, bytes } = mutated(corpus, random);
      const answer = await read(bytes, `${seed}-${i}`);
      const key = typeof answer === 'number' ? (answer > 0 ? 'frames' : 'none') : answer;
      said.set(key, (said.get(key) ?? 0) + 1);
      expect([name, key]).not.toEqual([name, 'none']);
    }
  });

  test('the damage is real, and not so great that nothing is read any more', () => {
    expect(said.get('frames')).toBeGreaterThan(20);
    expect(said.get('CLIP_NOT_MEDIA')).toBeGreaterThan(3);
  });
});

describe('through the analysis’s own process, to its end', () => {
  const names = ['png bomb.png', 'gif of four billion pixels.gif', 'billions of frames.mp4', 'concat.mp4'];
  test.each(names)('%s fails with a code and has no score', async (name) => {
    const { reason } = await probeConfinement();
    const folder = await mkdtemp(join(tmpdir(), 'mesoscope-hostile-'));
    const path = join(folder, 'clip');
    await writeFile(path, bytesOf(name));
    expect((await stat(path)).size).toBeGreaterThan(10);
    const outcome = await runChild(
      {
        ...{ clip: 'c', path, name, mediaType: '', sample: 'even:2', out: join(folder, 'out'), threads: 1 },
        ...{
          sha256: '0'.repeat(64),
          detector: defaultDetector,
          detectorSha256: await detectorHash(defaultDetector),
        },
        limits: { seconds: 7200, pixels: maxPixels, sampledFrames: 100 },
      },
      {
        limits: { heapMiB: 1024, memoryMiB: 2048, seconds: 170, cpuSeconds: 120 },
        signal: new AbortController().signal,
        onProgress: () => undefined,
        confined: reason === '',
        script: builtAnalysis,
      },
    );
    await rm(folder, { recursive: true });
    expect(outcome.kind).toBe('failed');
    if (outcome.kind !== 'failed') return;
    expect(outcome.error.code).toMatch(/^CLIP_/);
    expect(outcome.document?.result?.score ?? null).toBe(null);
    expect(asked).toEqual([]);
  });
});
