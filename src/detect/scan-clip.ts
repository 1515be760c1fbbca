/** One clip from bytes to verdict: frames are streamed, faces tracked, crops scored in batches as they come. */
import { describe, errors, UserError } from '../base/errors.ts';
import type { FaceFinder } from '../faces/finder.ts';
import { FaceTracker } from '../faces/tracker.ts';
import { formatSampling, type Sampling } from '../media/sampling.ts';
import type { ClipInfo, ClipReader, Dropped, OpenOptions } from '../media/types.ts';
import type { Aggregation } from './contract.ts';
import { FaceScorer } from './face-scorer.ts';
import type { Detector } from './open-detector.ts';
import { type ClipResult, resultSchemaName, type TrackResult } from './result.ts';
import { Stopwatch } from './stopwatch.ts';
import type { ClipAnalysis, EvidenceCrop, ScanProgress } from './types.ts';
import { judgeClip, judgeTrack, spanOf } from './verdict.ts';

export interface ScanClipOptions {
  detector: Detector;
  finder: FaceFinder;
  aggregation: Aggregation;
  sampling: Sampling;
  seed: number;
  threads: number;
  /** Opens the clip: `openClip`, or a thread's. */
  open: (path: string, options: OpenOptions) => Promise<ClipReader>;
  /** SHA-256 of the clip's bytes, lower-case hex: files are read otherwise in a browser. */
  hash: (path: string) => Promise<string>;
  /** Mesoscope's version, for the result. */
  version: string;
  signal?: AbortSignal;
  onProgress?: (progress: ScanProgress) => void;
  onFace?: (face: EvidenceCrop) => void;
}

/** Scans a clip. Whatever is wrong with the input ends in a result with the status `error`, never in a score. */
export async function scanClip(path: string, options: ScanClipOptions): Promise<ClipAnalysis> {
  const { detector, aggregation, sampling, version } = options;
  const watch = new Stopwatch();
  const base = {
    version,
    detector: { name: detector.contract.name, sha256: detector.sha256 },
    settings: { sample: formatSampling(sampling), aggregation },
  };
  let clip = emptyClip(path);
  let reader: ClipReader | undefined;
  try {
    options.signal?.throwIfAborted();
    options.onProgress?.({ stage: 'open', done: 0, total: 0 });
    reader = await watch.time('open', () => options.open(path, { threads: options.threads }));
    // Awaited with the rest below; until then a rejection has a handler, so it cannot end the process.
    const hash = options.hash(path);
    hash.catch(() => undefined);
    const index = await watch.time('packets', () => (reader as ClipReader).scan());
    clip = describeClip(path, reader.info, index.frames);
    const tracker = new FaceTracker(options.finder, { keepMeshes: false });
    const scorer = new FaceScorer(detector, watch, options.onFace);
    const framesAnalysed = await readFrames(reader, tracker, scorer, options, watch, index.frames);
    clip.sha256 = await watch.time('hash', () => hash);
    const tracks = judgeTracks(tracker, scorer, options);
    const judged = judgeClip(tracks, detector.contract, aggregation);
    const scored = judged.score !== null;
    const result: ClipResult = {
      ...baseResult(clip, base),
      status: scored ? 'scored' : 'not_assessable',
      ...judged,
      calibrated: detector.contract.calibration.kind !== 'none',
      tracks,
      cuts: tracker.cuts().map((cut) => cut.timeSeconds),
      framesAnalysed,
      dropped: addUp([...reader.dropped, ...tracker.dropped(), ...scorer.dropped]),
      timing: watch.seconds(),
    };
    options.onProgress?.({ stage: 'done', done: framesAnalysed, total: framesAnalysed });
    return { result, evidence: scorer.evidence(new Set(tracks.map((track) => track.id))) };
  } catch (error) {
    // An abort is no finding about the clip.
    if (options.signal?.aborted) throw error;
    // A bug met in one clip of a hundred thousand must not cost the others their results.
    const known = error instanceof UserError ? error : errors.INTERNAL(describe(error));
    return errorAnalysis(clip, base, known, reader?.dropped ?? [], watch);
  } finally {
    await reader?.close();
  }
}

async function readFrames(
  reader: ClipReader,
  tracker: FaceTracker,
  scorer: FaceScorer,
  { sampling, signal, onProgress }: ScanClipOptions,
  watch: Stopwatch,
  framesInClip: number,
): Promise<number> {
  const total = expectedFrames(sampling, framesInClip);
  const frames = watch.timeEach('decode', reader.frames(sampling, signal ? { signal } : {}));
  let done = 0;
  for await (const { frame, faces } of watch.timeEach('faces', tracker.follow(frames))) {
    signal?.throwIfAborted();
    await scorer.add(frame, faces);
    done++;
    onProgress?.({ stage: 'frames', done, total: Math.max(done, total) });
  }
  onProgress?.({ stage: 'score', done, total: done });
  await scorer.finish();
  return done;
}

/** How many frames a policy will draw, for the progress bar; exact numbers come as they are drawn. */
function expectedFrames(sampling: Sampling, framesInClip: number): number {
  if (sampling.kind === 'even' || sampling.kind === 'range') return Math.min(sampling.count, framesInClip);
  return sampling.kind === 'every' ? Math.ceil(framesInClip / sampling.step) : framesInClip;
}

function judgeTracks(tracker: FaceTracker, scorer: FaceScorer, options: ScanClipOptions): TrackResult[] {
  const { contract } = options.detector;
  return tracker.tracks().map(({ id, person, faces }) => {
    const { frames, raw } = scorer.track(id);
    const stretches = scorer.unscored(id);
    const unscored = stretches.length > 0 ? { unscored: stretches } : {};
    const facePixels = median(faces.map(({ box }) => Math.max(box.width, box.height)));
    if (raw.length === 0) {
      return {
        id,
        person,
        startSeconds: faces[0].timeSeconds,
        endSeconds: faces[faces.length - 1].timeSeconds,
        faces: 0,
        score: null,
        interval: null,
        verdict: 'not_assessable',
        reasons: scorer.reasonsOf(id),
        facePixels,
        frames: [],
        ...unscored,
      };
    }
    const times = frames.map((frame) => frame.timeSeconds);
    const judgement = judgeTrack(raw, times, contract, options.aggregation, options.seed);
    const [startSeconds, endSeconds] = spanOf(frames);
    const span = { startSeconds, endSeconds };
    return { id, person, ...span, faces: raw.length, ...judgement, facePixels, frames, ...unscored };
  });
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

function addUp(dropped: readonly Dropped[]): Dropped[] {
  const counts = new Map<string, number>();
  for (const { reason, count } of dropped) counts.set(reason, (counts.get(reason) ?? 0) + count);
  return [...counts].map(([reason, count]) => ({ reason, count })).filter(({ count }) => count > 0);
}

function emptyClip(path: string): ClipResult['clip'] {
  return {
    path,
    sha256: null,
    bytes: null,
    container: null,
    codec: null,
    width: null,
    height: null,
    durationSeconds: null,
    frames: null,
  };
}

function describeClip(path: string, info: ClipInfo, frames: number): ClipResult['clip'] {
  const { bytes, container, codec, width, height, durationSeconds } = info;
  return {
    path,
    sha256: null,
    bytes,
    container,
    codec,
    // Some damaged files declare pictures of no size.
    width: width || null,
    height: height || null,
    durationSeconds: durationSeconds ?? null,
    frames,
  };
}

/** What a result says whatever comes of the scan. */
interface Base extends Pick<ClipResult, 'detector' | 'settings'> {
  version: string;
}

function baseResult(
  clip: ClipResult['clip'],
  { version, detector, settings }: Base,
): Pick<ClipResult, 'schema' | 'tool' | 'clip' | 'detector' | 'settings'> {
  return { schema: resultSchemaName, tool: { name: 'mesoscope', version }, clip, detector, settings };
}

function errorAnalysis(
  clip: ClipResult['clip'],
  base: Base,
  error: UserError,
  dropped: readonly Dropped[],
  watch: Stopwatch,
): ClipAnalysis {
  const result: ClipResult = {
    ...baseResult(clip, base),
    status: 'error',
    verdict: 'not_assessable',
    score: null,
    interval: null,
    calibrated: false,
    reasons: [describe(error)],
    tracks: [],
    cuts: [],
    framesAnalysed: 0,
    dropped: addUp(dropped),
    timing: watch.seconds(),
    error: { code: error.code, message: describe(error) },
  };
  return { result, evidence: [] };
}
