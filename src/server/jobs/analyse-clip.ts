/** One clip's analysis: in a process of its own, its result kept and written, or the clip put back. */
import { errors, UserError } from '../../base/errors.ts';
import type { Progress } from '../api.ts';
import type { Changes } from '../changes.ts';
import type { ServerConfig } from '../config.ts';
import type { Database } from '../database/database.ts';
import { type Begun, report } from '../database/steps.ts';
import type { Detectors } from '../detectors.ts';
import { failureOf } from '../failure.ts';
import { RangeCache } from '../storage/range-cache.ts';
import type { Storage } from '../storage/storage.ts';
import { type Log, secondsSince, tryOf } from '../watch/log.ts';
import { type Span, sinceEpoch, type Traces } from '../watch/traces.ts';
import { type ChildOutcome, runChild } from './child.ts';
import { finishSurely } from './finish-surely.ts';
import { giveKnown } from './known-result.ts';
import { ProgressMeter } from './progress.ts';
import { ProgressWriter } from './progress-writer.ts';
import type { Queue } from './queue.ts';
import { failureKind } from './retry.ts';
import { StageClock } from './stage-clock.ts';

export interface AnalyseParts {
  database: Database;
  queue: Queue;
  storage: Storage;
  changes: Changes;
  config: Pick<ServerConfig, 'job' | 'clip'>;
  /** Those that this process may use. */
  detectors: Detectors;
  /** Whether analyses are held to their own files, without a network. */
  confined: boolean;
  log: Log;
  traces: Traces;
  /** Another program in place of the analysis; tests bring ones that misbehave. */
  analysisScript?: URL;
}

/**
 * Throws what may pass: then the clip is to be tried again. Nothing after an abort.
 * @returns `open` where it was aborted and the clip is still to be handed back
 */
export async function analyseClip(
  parts: AnalyseParts,
  clip: Begun,
  stop: AbortController,
): Promise<'ended' | 'open'> {
  if (await giveKnown(parts, clip, stop.signal)) return 'ended';
  const span = parts.traces.begin('clip analyse', {
    parent: clip.trace,
    attributes: { 'mesoscope.clip': clip.id, 'mesoscope.attempt': clip.attempts },
  });
  try {
    return await analyseAndKeep(parts, clip, stop, span);
  } catch (error) {
    span.end({}, error instanceof UserError ? error.code : 'INTERNAL');
    throw error;
  } finally {
    // Where it has not ended yet it was stopped, or what it made is dropped.
    span.end();
  }
}

async function analyseAndKeep(
  parts: AnalyseParts,
  clip: Begun,
  stop: AbortController,
  span: Span,
): Promise<'ended' | 'open'> {
  const { storage, database, queue, log, traces } = parts;
  const begun = performance.now();
  const clock = new StageClock();
  let outcome: ChildOutcome;
  let storing: Span | undefined;
  try {
    const said = await analyse(parts, clip, stop, clock);
    outcome = plain(said, clip, await storage.strange(clip.id, clip.attempts));
    for (const { stage, from, to } of clock.spans) {
      const part = { parent: span.context, at: sinceEpoch(from) };
      traces.begin(`stage ${stage}`, part).end({}, undefined, sinceEpoch(to));
    }
    storing = traces.begin('clip store', { parent: span.context });
    if (outcome.kind === 'failed' && failureKind(outcome.error.code) !== 'final') {
      const { code, title, next } = outcome.error;
      throw new UserError(code as UserError['code'], title, next);
    }
    if (outcome.kind === 'stopped' || !outcome.document) await storage.removeWork(clip.id, clip.attempts);
    else await storage.keep(clip.id, clip.attempts);
  } catch (error) {
    storing?.end();
    await storage.removeWork(clip.id, clip.attempts);
    throw error;
  }
  if (outcome.kind === 'stopped') return 'open';
  const { document } = outcome;
  // From here on the row may tell of the files, even where the word of it is lost: only a plain no removes them.
  const kept = await finishSurely(
    database,
    queue,
    clip,
    outcome.kind === 'done'
      ? { status: 'done', document: outcome.document }
      : { status: 'failed', error: outcome.error, document },
    stop.signal,
  ).finally(() => storing.end());
  const ended = { ...tryOf(clip), seconds: secondsSince(begun) };
  if (!kept) {
    log.tell('dropped', ended);
    await storage.removeAttempt(clip.id, clip.attempts);
    return 'ended';
  }
  const took = { peakMiB: outcome.peakMiB, stages: clock.seconds() };
  if (outcome.kind === 'done') {
    log.tell('done', { ...ended, verdict: outcome.document.result?.verdict ?? '', ...took });
  } else {
    log.tell('failed', { ...ended, code: outcome.error.code, stage: clock.stage, ...took });
  }
  span.end({}, outcome.kind === 'failed' ? outcome.error.code : undefined);
  return 'ended';
}

/** A process that leaves links behind was taken over: nothing that it says counts. */
function plain(outcome: ChildOutcome, { name }: Begun, strange: readonly string[]): ChildOutcome {
  if (outcome.kind === 'stopped' || strange.length === 0) return outcome;
  const error = errors.ANALYSIS_CRASHED(name, `it left ${strange[0]}, which is no plain file`);
  return { kind: 'failed', error: failureOf(error), document: null, peakMiB: outcome.peakMiB };
}

async function analyse(
  { storage, config, database, changes, detectors, confined, analysisScript }: AnalyseParts,
  clip: Begun,
  stop: AbortController,
  clock: StageClock,
): Promise<ChildOutcome> {
  const media = clip.media as string;
  const path = storage.mediaPath(media);
  const file = await storage.openMedia(media);
  if (!file) {
    return { kind: 'failed', error: failureOf(errors.CLIP_FILE_GONE(clip.id)), document: null, peakMiB: 0 };
  }
  const progress = new ProgressWriter<Progress>(async (now) => {
    const ours = await report(database, clip, now);
    if (ours) changes.changed(clip.id);
    return ours;
  }, stop);
  const meter = new ProgressMeter();
  progress.take(meter.start());
  clock.enter('start');
  // The process that opens files of strangers has no network and no keys: this one fetches what it asks for.
  const ranges = path === undefined ? new RangeCache(file) : undefined;
  let broken: unknown;
  const outcome = await runChild(
    {
      clip: clip.id,
      path: path ?? `clip:${clip.id}`,
      ...(ranges ? { ranges: { bytes: file.size } } : {}),
      sha256: clip.sha256 as string,
      name: clip.name,
      mediaType: clip.media_type ?? '',
      detector: clip.detector,
      detectorSha256: hashToLoad(detectors, clip),
      sample: clip.sample,
      out: storage.workFolder(clip.id, clip.attempts),
      threads: config.job.threads,
      limits: {
        seconds: config.clip.seconds,
        pixels: config.clip.pixels,
        sampledFrames: config.clip.sampledFrames,
      },
    },
    {
      limits: config.job,
      confined,
      signal: stop.signal,
      onProgress: (said) => {
        clock.enter(said.stage);
        progress.take(meter.take(said));
      },
      ...(ranges
        ? {
            read: (at: number, length: number) =>
              ranges.read(at, length).catch((error: unknown) => {
                broken ??= error;
                throw error;
              }),
          }
        : {}),
      ...(analysisScript ? { script: analysisScript } : {}),
    },
  );
  clock.end();
  await progress.end();
  // To a decoder a lost connection looks like damage: what it made of the rest is no finding about the clip.
  if (broken && outcome.kind !== 'stopped') throw broken;
  return outcome;
}

/**
 * Of the detector that the clip was accepted for. Empty for one that this process may not use: then the analysis says
 * which hash is missing. @throws ANALYSIS_OTHER_DETECTOR where another file has the name here
 */
function hashToLoad({ all }: Detectors, { detector, detector_sha256: wanted }: Begun): string {
  const found = all.find(({ name }) => name === detector)?.sha256 ?? '';
  if (found && wanted && found !== wanted) throw errors.ANALYSIS_OTHER_DETECTOR(detector, wanted, found);
  return found;
}
