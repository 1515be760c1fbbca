/**
 * One analysis as a process of its own. Whatever a file does to a decoder, it does it here: the server sees a process
 * end, and that clip alone fails. The task comes as the first message.
 */
import { describe, type ErrorCode, errors, UserError } from '../../base/errors.ts';
import { version } from '../../base/version.ts';
import type { ClipResult } from '../../detect/result.ts';
import { openScanner } from '../../detect/scanner.ts';
import { openClip } from '../../media/open.ts';
import { parseSampling } from '../../media/sampling.ts';
import type { ByteSource } from '../../media/types.ts';
import { JobLog } from '../../report/bundle/log.ts';
import { failureOf } from '../failure.ts';
import { flushFolder, MapWriter, makeFolder, writeCrops, writeLog, writeReport } from './artefacts.ts';
import { readCredentials } from './credentials.ts';
import type { AnalysisProgress, AnalysisTask, ClipDocument, FromAnalysis } from './messages.ts';
import { openParent } from './parent.ts';
import { remoteFiles } from './remote-file.ts';
import { analysisSeed, replayOf } from './replay.ts';

const parent = openParent<AnalysisTask, FromAnalysis>();
const task = await parent.task;
try {
  await parent.tell(await analyse(task));
} catch (error) {
  const known = error instanceof UserError ? error : errors.INTERNAL(describe(error));
  await parent.tell(failed(shown(known, task), null));
}
process.exit(0);

async function analyse(task: AnalysisTask): Promise<FromAnalysis> {
  await makeFolder(task.out);
  const source = task.ranges && {
    ...remoteFiles(parent)(task.name, task.ranges.bytes),
    sha256: task.sha256,
  };
  await checkLimits(task, source);
  const { clip, name, detector, sample, threads } = task;
  const log = new JobLog();
  log.add('begun', { clip, name, detector, sample, mesoscope: version, node: process.version, threads });
  const scanner = await openScanner({
    detector,
    threads,
    seed: analysisSeed,
    pins: { hashes: new Set([task.detectorSha256]), source: 'this server' },
  });
  log.add('loaded', scanner.detector);
  let last = '';
  const reached = (stage: AnalysisProgress['stage'], done: number, total: number) => {
    if (stage !== last) log.add('stage', { stage });
    last = stage;
    void parent.tell({ kind: 'progress', progress: { stage, done, total } });
  };
  try {
    const maps = new MapWriter(task.out, task.clip);
    const analysis = await scanner.scan(task.path, {
      ...(source ? { source } : {}),
      sampling: parseSampling(task.sample),
      onProgress: ({ stage, done, total }) => {
        if (stage !== 'done') reached(stage, done, total);
      },
      onFace: (face) => maps.take(face),
    });
    reached('report', 0, 0);
    const result = renamed(analysis.result, task);
    const replay = replayOf(task);
    const credentials = await readCredentials(source ?? task.path);
    const mapDocuments = await maps.finish(result);
    const evidence = await writeCrops(task.out, task.clip, analysis.evidence, mapDocuments);
    await writeReport(task.out, { result, evidence: analysis.evidence }, scanner.contract, replay);
    const { status, verdict, score, error } = result;
    log.add('scored', { sha256: result.clip.sha256, status, verdict, score, error: error?.code ?? null });
    await writeLog(task.out, log, { evidence, maps: mapDocuments });
    await flushFolder(task.out);
    const document: ClipDocument = {
      result,
      contract: scanner.contract,
      evidence,
      maps: mapDocuments,
      credentials,
      replay,
    };
    if (!result.error) return { kind: 'done', document };
    const { code, message } = result.error;
    return failed(new UserError(code as ErrorCode, message, ''), document);
  } finally {
    await scanner.close();
  }
}

/** Before the scan, so that a clip that may not be scanned costs nothing. */
async function checkLimits(
  { path, name, sample, limits }: AnalysisTask,
  source: ByteSource | undefined,
): Promise<void> {
  let reader: Awaited<ReturnType<typeof openClip>>;
  try {
    reader = await openClip(path, { maxPixels: limits.pixels, ...(source ? { source } : {}) });
  } catch (error) {
    // What cannot be opened is told by the scan itself, as a result; but for the limit that only a server has.
    if (error instanceof UserError && error.code === 'CLIP_TOO_LARGE') throw error;
    return;
  }
  try {
    const { width, height, durationSeconds = 0 } = reader.info;
    if (width * height > limits.pixels) throw errors.CLIP_TOO_LARGE(name, width, height, limits.pixels);
    if (durationSeconds > limits.seconds) {
      throw errors.CLIP_TOO_LONG(name, Math.round(durationSeconds), limits.seconds);
    }
    if (!needsCount(sample, limits.sampledFrames)) return;
    const { frames } = await reader.scan();
    const asked = framesOf(sample, frames, durationSeconds);
    if (asked > limits.sampledFrames) throw errors.SAMPLING_TOO_MANY(sample, asked, limits.sampledFrames);
  } finally {
    await reader.close();
  }
}

/** Counting frames reads the whole file: only where the answer is not in the policy itself. */
function needsCount(sample: string, most: number): boolean {
  const sampling = parseSampling(sample);
  return (sampling.kind !== 'even' && sampling.kind !== 'range') || sampling.count > most;
}

/** Most frames that a policy draws from a clip. */
function framesOf(sample: string, frames: number, seconds: number): number {
  const sampling = parseSampling(sample);
  switch (sampling.kind) {
    case 'even':
    case 'range':
      return Math.min(sampling.count, frames);
    case 'every':
      return Math.ceil(frames / sampling.step);
    case 'fps':
      return Math.min(Math.ceil(seconds * sampling.rate), frames);
    case 'keyframes':
    case 'list':
      return 0;
  }
}

/** The result under the name that the sender knows: where the server keeps files is its own business. */
function renamed(result: ClipResult, task: AnalysisTask): ClipResult {
  return JSON.parse(JSON.stringify(result), (_, value: unknown) =>
    typeof value === 'string' ? value.replaceAll(task.path, task.name) : value,
  ) as ClipResult;
}

function shown(error: UserError, { path, name }: AnalysisTask): UserError {
  return new UserError(error.code, error.fact.replaceAll(path, name), error.next);
}

function failed(error: UserError, document: ClipDocument | null): FromAnalysis {
  return { kind: 'failed', error: failureOf(error), document };
}
