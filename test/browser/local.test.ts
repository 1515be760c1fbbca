/** Local analysis in a real browser: Node's scores, no request, no server, and failures that are no scores. */
import { writeFile } from 'node:fs/promises';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { defaultDetector } from '../../src/detect/default-detector.ts';
import type { ClipResult } from '../../src/detect/result.ts';
import { openScanner } from '../../src/detect/scanner.ts';
import { encodeVideo } from '../../src/media/encode.ts';
import { encodePng } from '../../src/media/image.ts';
import { openClip } from '../../src/media/open.ts';
import { parseSampling } from '../../src/media/sampling.ts';
import type { LocalAnalysis } from '../../web/local/index.ts';
import { numberedPictures, temporaryFolder } from '../media-fixtures.ts';
import { haveSharedData, shared, skipReason } from '../shared-data.ts';
import { browserReason, haveChromium, openBrowser, openSite, type Site } from './page.ts';

const at = temporaryFolder();
let site: Site;
let browser: Browser;
let context: BrowserContext;
let page: Page;

beforeAll(async () => {
  if (!haveChromium) return;
  site = await openSite();
  browser = await openBrowser();
  ({ context, page } = await fresh());
});
afterAll(async () => {
  await browser?.close();
  await site?.close();
});

async function fresh(): Promise<{ context: BrowserContext; page: Page }> {
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.goto(site.url);
  return { context, page };
}

type Told = Pick<LocalAnalysis, 'result' | 'engine'> & {
  crops: { trackId: number; score: number; type: string; bytes: number; map: number | null }[];
  maps: { trackId: number; frameIndex: number; type: string }[];
  stages: string[];
};

async function analyse(path: string, sampling = 'even:8', on = page): Promise<Told> {
  await on.setInputFiles('input', path);
  return on.evaluate(async (policy) => {
    const stages: string[] = [];
    const { result, engine, evidence, maps } = await window.local.analyseLocally(window.chosen(), {
      name: 'clip',
      sampling: policy,
      onProgress: ({ stage }) => {
        if (stages.at(-1) !== stage) stages.push(stage);
      },
    });
    const crops = evidence.map(({ trackId, score, crop, map }) => ({
      trackId,
      score,
      type: crop.type,
      bytes: crop.size,
      map,
    }));
    const shown = maps.map(({ trackId, frameIndex, picture }) => ({
      trackId,
      frameIndex,
      type: picture.type,
    }));
    return { result, engine, crops, maps: shown, stages };
  }, sampling);
}

async function inNode(path: string, sampling = 'even:8'): Promise<ClipResult> {
  const scanner = await openScanner();
  try {
    return (await scanner.scan(path, { sampling: parseSampling(sampling) })).result;
  } finally {
    await scanner.close();
  }
}

/** The same tracks with the same scores, as far as two machines' arithmetic goes. */
function expectAgreement(theirs: ClipResult, ours: ClipResult): void {
  expect(theirs.status).toBe(ours.status);
  expect(theirs.verdict).toBe(ours.verdict);
  expect(theirs.clip.sha256).toBe(ours.clip.sha256);
  expect(theirs.clip.frames).toBe(ours.clip.frames);
  expect(theirs.framesAnalysed).toBe(ours.framesAnalysed);
  expect(theirs.detector).toEqual(ours.detector);
  expect(theirs.tracks.map(({ id, faces }) => [id, faces])).toEqual(
    ours.tracks.map(({ id, faces }) => [id, faces]),
  );
  expect(near(theirs.score, ours.score)).toBe(true);
  for (const [i, track] of ours.tracks.entries()) {
    expect(near(theirs.tracks[i].score, track.score)).toBe(true);
    expect(theirs.tracks[i].facePixels).toBeCloseTo(track.facePixels, -1);
    for (const [k, frame] of track.frames.entries()) {
      const { frameIndex, timeSeconds } = theirs.tracks[i].frames[k];
      expect(frameIndex).toBe(frame.frameIndex);
      expect(timeSeconds).toBeCloseTo(frame.timeSeconds, 5);
    }
  }
}

/** Within 0.02, or both without a score. */
function near(a: number | null, b: number | null): boolean {
  return a === null || b === null ? a === b : Math.abs(a - b) <= 0.02;
}

describe.skipIf(!haveChromium)(`local analysis${browserReason}`, () => {
  describe.skipIf(!haveSharedData)(`of people${skipReason}`, () => {
    test.each([
      ['one person, 1080p', 'dfdc-a-fake.mp4'],
      ['several people and cuts', 'several-people-cuts.mp4'],
    ])('gives the scores of `mesoscope scan`: %s', async (_, name) => {
      const path = shared(`dev/videos/${name}`);
      const told = await analyse(path, 'even:12');
      const ours = await inNode(path, 'even:12');
      expect(ours.status).toBe('scored');
      expectAgreement(told.result, ours);
      expect(told.stages.at(-1)).toBe('done');
      expect(told.stages).toEqual(expect.arrayContaining(['open', 'frames', 'score']));
      const scored = told.result.tracks.filter(({ score }) => score !== null).map(({ id }) => id);
      expect(new Set(told.crops.map(({ trackId }) => trackId))).toEqual(new Set(scored));
      for (const crop of told.crops) {
        expect(crop.type).toBe('image/jpeg');
        expect(crop.bytes).toBeGreaterThan(500);
        expect(told.maps[crop.map ?? -1]).toMatchObject({ trackId: crop.trackId, type: 'image/png' });
      }
    });

    test('gives the same for a picture, with two threads, and with one where the page is not isolated', async () => {
      const reader = await openClip(shared('dev/videos/dfdc-a-fake.mp4'));
      for await (const frame of reader.frames(parseSampling('even:1'))) {
        await writeFile(at('still.png'), await encodePng(frame));
      }
      await reader.close();
      const ours = await inNode(at('still.png'));
      expect(ours.tracks).toHaveLength(1);
      const two = await fresh();
      await two.page.evaluate(() => window.local.prepareLocal({ threads: 2 }));
      const told = await analyse(at('still.png'), 'even:8', two.page);
      expect(told.engine).toEqual({ device: 'cpu', threads: 2 });
      expectAgreement(told.result, ours);
      await two.context.close();
      const open = await openSite({ isolated: false });
      const other = await browser.newPage();
      try {
        await other.goto(open.url);
        await other.evaluate(() => window.local.prepareLocal({ threads: 2 }));
        const single = await analyse(at('still.png'), 'even:8', other);
        expect(single.engine).toEqual({ device: 'cpu', threads: 1 });
        expectAgreement(single.result, ours);
      } finally {
        await other.close();
        await open.close();
      }
    });
  });

  test('nothing is asked of the server while clips are analysed, and nothing is missed without it', async () => {
    await encodeVideo(numberedPictures(30, { width: 320, height: 240 }), at('plain.mp4'));
    await page.evaluate(() => window.local.prepareLocal());
    const asked: string[] = [];
    const listen = (request: { url(): string }) => asked.push(request.url());
    context.on('request', listen);
    site.requests.length = 0;
    const online = await analyse(at('plain.mp4'), 'even:2');
    expect(online.result.status).toBe('not_assessable');
    expect(site.requests).toEqual([]);
    await context.setOffline(true);
    try {
      const offline = await analyse(at('plain.mp4'), 'even:2');
      expect({ ...offline.result, timing: {} }).toEqual({ ...online.result, timing: {} });
      expect(asked).toEqual([]);
      expect(site.requests).toEqual([]);
    } finally {
      context.off('request', listen);
      await context.setOffline(false);
    }
  });

  test('once loaded, the page itself opens and analyses without its server', async () => {
    await encodeVideo(numberedPictures(30, { width: 320, height: 240 }), at('later.mp4'));
    const visit = await fresh();
    await visit.page.evaluate(() => window.local.prepareLocal());
    await site.stop();
    try {
      await visit.page.reload();
      const told = await analyse(at('later.mp4'), 'even:2', visit.page);
      expect(told.result.status).toBe('not_assessable');
      expect(told.result.reasons).toEqual(['no face was found']);
      expect(told.result.framesAnalysed).toBe(2);
    } finally {
      await site.start();
      await visit.context.close();
    }
  });

  test('an abort ends an analysis early and leaves the next one whole', async () => {
    await encodeVideo(numberedPictures(300, { width: 640, height: 480 }), at('long.mp4'));
    await page.setInputFiles('input', at('long.mp4'));
    const told = await page.evaluate(async () => {
      const abort = new AbortController();
      let frames = 0;
      const aborted = window.local
        .analyseLocally(window.chosen(), {
          name: 'long',
          sampling: 'every:1',
          signal: abort.signal,
          onProgress: ({ stage, done }) => {
            if (stage !== 'frames') return;
            frames = done;
            if (done === 3) abort.abort(new Error('enough'));
          },
        })
        .then(
          () => 'went on to the end',
          (reason: Error) => reason.message,
        );
      const outcome = await aborted;
      const next = await window.local.analyseLocally(window.chosen(), { name: 'next', sampling: 'even:2' });
      return { outcome, frames, next: next.result };
    });
    expect(told.outcome).toBe('enough');
    expect(told.frames).toBeLessThan(30);
    expect(told.next).toMatchObject({ status: 'not_assessable', framesAnalysed: 2 });
  });

  test.each([
    ['CLIP_NOT_MEDIA', 'noise.mp4', Buffer.from(Array.from({ length: 5000 }, (_, i) => (i * 7919) & 255))],
    ['CLIP_EMPTY', 'empty.mp4', Buffer.alloc(0)],
    ['CLIP_NOT_LOCAL', 'old.avi', Buffer.from('RIFF\0\0\0\0AVI LIST')],
  ])('%s, and no score, for %s', async (code, file, bytes) => {
    await writeFile(at(file), bytes);
    const { result, crops } = await analyse(at(file));
    expect(result).toMatchObject({ status: 'error', verdict: 'not_assessable', score: null, tracks: [] });
    expect(result.error?.code).toBe(code);
    expect(crops).toEqual([]);
  });

  test.each([
    // One stretch of weights in the middle of the file is changed on its way.
    [
      'DETECTOR_DIFFERS',
      `/models/${defaultDetector}.onnx`,
      (bytes: Buffer) => Buffer.from(bytes).fill(0x3e, bytes.length >> 1, (bytes.length >> 1) + 4096),
    ],
    ['DETECTOR_INVALID', `/models/${defaultDetector}.onnx`, (bytes: Buffer) => bytes.subarray(0, 5000)],
    ['LOCAL_FILE_MISSING', '/models/facemesh.bin', undefined],
    ['LOCAL_FILE_MISSING', '/local/manifest.json', () => Buffer.from('{"version": 3}')],
  ] as const)('%s where %s arrives otherwise', async (code, path, alter) => {
    const visit = await fresh();
    site.altered.set(path, alter);
    try {
      const outcome = await visit.page.evaluate(() =>
        window.local.prepareLocal({ threads: 1 }).then(
          () => 'opened',
          (error: { code?: string }) => error.code,
        ),
      );
      expect(outcome).toBe(code);
    } finally {
      site.altered.clear();
      await visit.context.close();
    }
  });
});
