/** A finished clip with drawn faces and invented scores, answered in place of the server: every part of a result, the same everywhere. */
import { readFile } from 'node:fs/promises';
import type { Page } from 'playwright-core';
import { encodeVideo, type TimedPicture } from '../../src/media/encode.ts';
import { encodeJpeg, encodeStencil } from '../../src/media/image.ts';
import type { Picture } from '../../src/media/types.ts';
import { heat, heatCover, split } from '../../src/report/evidence.ts';
import { baseName } from '../../src/report/format.ts';
import { type Clip, clipSchema, clipSummarySchema } from '../../src/server/api.ts';
import { sampleAnalyses } from '../report-samples.ts';

export interface MadeUpClip {
  clip: Clip;
  /** Answers by path. */
  files: Map<string, { type: string; bytes: Buffer }>;
}

/** The picture comes so many seconds after the sound would, as in clips cut out of longer ones. */
export const videoStart = 0.8;
const frameRate = 5;

export async function madeUpClip(
  videoPath: string,
  { id = '00000000-0000-4000-8000-00000000000a', sample = 'likely' } = {},
): Promise<MadeUpClip> {
  const { analysis, contract } = sampleAnalyses()[sample];
  const { result, evidence } = analysis;
  result.clip.sha256 = `${result.clip.sha256?.slice(0, 63)}${id.at(-1)}`;
  // Side by side, so that each can be seen.
  for (const track of result.tracks) {
    track.frames = track.frames.map((frame) => ({
      ...frame,
      box: { ...frame.box, x: 180 + ((track.id - 1) % 3) * 340, y: 200 },
    }));
  }
  const base = `/api/clips/${id}`;
  const files: MadeUpClip['files'] = new Map();
  const regionAt = (trackId: number, frameIndex: number) => {
    const { box } = result.tracks
      .find((track) => track.id === trackId)!
      .frames.find((frame) => frame.frameIndex === frameIndex)!;
    return {
      centreX: box.x + box.width / 2,
      centreY: box.y + box.height / 2,
      width: box.width * 1.3,
      height: box.height * 1.3,
      angle: 0,
    };
  };
  const mapped = evidence.filter((face) => face.map);
  const maps: Clip['maps'] = [];
  for (const [n, { trackId, frameIndex, timeSeconds, score, map }] of mapped.entries()) {
    const url = `${base}/maps/${n}.png`;
    const { width, height, data } = map!;
    const alpha = Uint8Array.from(data, (value) => Math.round(255 * heatCover * Math.min(1, value)));
    files.set(url, { type: 'image/png', bytes: await encodeStencil({ width, height, data: alpha }, heat) });
    const region = regionAt(trackId, frameIndex);
    maps.push({ n, trackId, frameIndex, timeSeconds, score, region, url, width, height });
  }
  const crops: Clip['evidence'] = [];
  for (const { id: trackId } of result.tracks) {
    const { most, least } = split(evidence.filter((face) => face.trackId === trackId));
    for (const [end, faces] of [['most', most] as const, ['least', least] as const]) {
      for (const face of faces) {
        const n = crops.length;
        const url = `${base}/crops/${n}.jpg`;
        const { frameIndex, timeSeconds, score } = face;
        files.set(url, { type: 'image/jpeg', bytes: await encodeJpeg(face.crop) });
        crops.push({
          n,
          trackId,
          frameIndex,
          timeSeconds,
          score,
          region: regionAt(trackId, frameIndex),
          end,
          url,
          width: face.crop.width,
          height: face.crop.height,
          map: maps.find((map) => map.trackId === trackId && map.frameIndex === frameIndex)?.n ?? null,
        });
      }
    }
  }
  await encodeVideo(pictures(analysis), videoPath, {
    keyFrameInterval: 5,
    crf: 30,
    codecOptions: { preset: 'ultrafast' },
  });
  files.set(`${base}/media`, { type: 'video/mp4', bytes: await readFile(videoPath) });
  const clip = clipSchema.parse({
    id,
    name: baseName(result.clip.path),
    bytes: result.clip.bytes,
    sha256: result.clip.sha256,
    url: null,
    detector: contract.name,
    sample: 'even:64',
    status: 'done',
    createdAt: '2026-03-04T05:06:00Z',
    startedAt: '2026-03-04T05:06:01Z',
    finishedAt: '2026-03-04T05:06:09Z',
    attempts: 1,
    ahead: null,
    progress: null,
    verdict: result.verdict,
    score: result.score,
    interval: result.interval,
    durationSeconds: result.clip.durationSeconds,
    error: null,
    result,
    contract,
    evidence: crops,
    maps,
    credentials: {
      status: 'absent',
      statement: 'The file carries no content credentials (C2PA). Their absence proves nothing.',
      manifests: [],
      problems: [],
    },
    replay: 'npx mesoscope scan clip.mp4',
    mediaType: 'video/mp4',
    links: {
      media: `${base}/media`,
      events: `${base}/events`,
      report: `${base}/report.html`,
      json: `${base}/report.json`,
      evidence: `${base}/evidence`,
    },
    related: [],
  } satisfies Clip);
  return { clip, files };
}

/** A grey room with each person's drawn face where the result says, shown from `videoStart` on. */
function* pictures({
  result,
  evidence,
}: ReturnType<typeof sampleAnalyses>[string]['analysis']): Generator<TimedPicture> {
  const [width, height, scale] = [640, 360, 0.5];
  const count = Math.ceil((result.clip.durationSeconds ?? 0) * frameRate);
  const room = new Uint8Array(width * height * 3);
  for (let at = 0; at < width * height; at++) {
    const shade = 70 + ((at % width) >> 4) + ((at / width) >> 4);
    room.set([shade, shade + 6, shade + 14], at * 3);
  }
  for (let i = 0; i < count; i++) {
    const time = i / frameRate;
    const data = room.slice();
    for (const track of result.tracks) {
      if (time < track.startSeconds || time > track.endSeconds) continue;
      const face = evidence.find(({ trackId }) => trackId === track.id);
      const near = track.frames.toSorted(
        (a, b) => Math.abs(a.timeSeconds - time) - Math.abs(b.timeSeconds - time),
      )[0];
      if (face) paste({ width, height, data }, face.crop, near.box, scale);
    }
    yield { width, height, data, timeSeconds: videoStart + time };
  }
}

function paste(
  frame: Picture,
  crop: Picture,
  box: { x: number; y: number; width: number; height: number },
  scale: number,
): void {
  const [left, top, width, height] = [box.x, box.y, box.width, box.height].map((value) =>
    Math.round(value * scale),
  );
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const [u, v] = [Math.floor((x / width) * crop.width), Math.floor((y / height) * crop.height)];
      const at = ((top + y) * frame.width + left + x) * 3;
      if (left + x >= frame.width || top + y >= frame.height) continue;
      frame.data.set(crop.data.subarray((v * crop.width + u) * 3, (v * crop.width + u) * 3 + 3), at);
    }
  }
}

/** The page sees these clips in place of the server's. */
export async function answerWith(page: Page, clips: readonly MadeUpClip[]): Promise<void> {
  const summaries = clips.map(({ clip }) => clipSummarySchema.strip().parse(clip));
  await page.route(/\/api\/clips(\?|$)/, (route) =>
    route.fulfill({ json: { clips: summaries, next: null, total: summaries.length } }),
  );
  for (const { clip, files } of clips) {
    await page.route(`**/api/clips/${clip.id}`, (route) => route.fulfill({ json: clip }));
    for (const [path, { type, bytes }] of files) {
      await page.route(`**${path}`, (route) => {
        const [, from, to] = /bytes=(\d+)-(\d*)/.exec(route.request().headers().range ?? '') ?? [];
        if (from === undefined) return route.fulfill({ contentType: type, body: bytes });
        const last = to ? Number(to) : bytes.length - 1;
        return route.fulfill({
          status: 206,
          contentType: type,
          headers: {
            'accept-ranges': 'bytes',
            'content-range': `bytes ${from}-${last}/${bytes.length}`,
          },
          body: bytes.subarray(Number(from), last + 1),
        });
      });
    }
  }
}
