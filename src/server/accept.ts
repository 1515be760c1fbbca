/** The moment from which a clip is the server's to keep: bytes and row are on the disk before anyone is told. */
import { randomUUID } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { errors, UserError } from '../base/errors.ts';
import { sha256OfFile } from '../base/hash.ts';
import { defaultSampling, formatSampling, parseSampling } from '../media/sampling.ts';
import type { ClipRow } from './database/clips.ts';
import { findClip, insertClip, insertMedia, type NewClip } from './database/clips.ts';
import type { Queries } from './database/database.ts';
import { type PriorityName, priorities, rankOf, type Sender, takeTurn } from './database/turns.ts';
import type { ClipQueue } from './jobs/queue.ts';
import { resultKey } from './jobs/result-key.ts';
import type { Services } from './services.ts';
import { mediaTypeOf } from './storage/media-type.ts';
import type { Received } from './storage/receive.ts';
import type { Events } from './watch/events.ts';
import { traced } from './watch/log.ts';

export interface ScanChoice extends Sender {
  detector: string;
  sample: string;
  /** `traceparent` of what asks for it. */
  trace: string | null;
}

export type AcceptParts = Pick<
  Services,
  'storage' | 'database' | 'queue' | 'runner' | 'changes' | 'detectors' | 'config' | 'log' | 'traces'
>;
type Parts = AcceptParts;

/** What was asked for, or the defaults. @throws DETECTOR_UNKNOWN, SAMPLING_INVALID, SAMPLING_TOO_MANY */
export function chooseScan(
  { detectors, config }: Pick<Parts, 'detectors' | 'config'>,
  asked: {
    detector?: string | undefined;
    sample?: string | undefined;
    priority?: PriorityName | undefined;
    client: string;
    trace?: string | null;
  },
): ScanChoice {
  const detector = detectors.named(asked.detector).name;
  const sampling = asked.sample === undefined ? defaultSampling : parseSampling(asked.sample);
  const limit = config.clip.sampledFrames;
  // Other policies depend on the clip's length; the analysis checks them.
  if ((sampling.kind === 'even' || sampling.kind === 'range') && sampling.count > limit) {
    throw errors.SAMPLING_TOO_MANY(formatSampling(sampling), sampling.count, limit);
  }
  const priority = priorities[asked.priority ?? 'normal'];
  return {
    detector,
    sample: formatSampling(sampling),
    client: asked.client,
    priority,
    trace: asked.trace ?? null,
  };
}

type Accepted = Pick<NewClip, 'id' | 'media' | 'name' | 'url'> & { sha256: string | null };

/** A clip's row and its ticket, in the caller's transaction. @returns the first line of its log */
async function enqueue(
  { queue, detectors }: Pick<Parts, 'queue' | 'detectors'>,
  queries: Queries,
  { sha256, ...clip }: Accepted,
  { detector, sample, client, priority, trace }: ScanChoice,
): Promise<Events['accepted']> {
  const detectorSha256 = detectors.named(detector).sha256;
  const key = sha256 && resultKey({ clip: sha256, detector: detectorSha256, sample });
  const [name, status]: [ClipQueue, NewClip['status']] =
    clip.media === null ? ['fetch', 'fetching'] : ['analyse', 'queued'];
  const turn = await takeTurn(queries, { client, priority });
  const job = await queue.add(queries, name, clip.id, { rank: rankOf({ priority, turn }) });
  await insertClip(queries, {
    ...clip,
    ...{ detector, detectorSha256, sample, client, priority, turn, key, status, job, trace },
  });
  return { clip: clip.id, attempt: 0, job, queue: name, ...traced(trace) };
}

/**
 * Accepts by `work`; then what is known already is answered, and the rest waits its turn.
 * @param work is given the choice as part of this span, which the clip's further life is part of
 */
async function accept(
  { changes, runner, log, traces }: Parts,
  choice: ScanChoice,
  work: (choice: ScanChoice) => Promise<Events['accepted']>,
): Promise<string> {
  const span = traces.begin('clip accept', { parent: choice.trace });
  let told: Events['accepted'];
  try {
    told = await work({ ...choice, trace: span.context });
  } catch (error) {
    span.end({}, error instanceof UserError ? error.code : 'INTERNAL');
    throw error;
  }
  const { clip, queue } = told;
  span.end({ 'mesoscope.clip': clip });
  log.tell('accepted', told);
  changes.changed(clip);
  if (queue === 'analyse') await runner.answerKnown(clip);
  runner.wake();
  return clip;
}

/** A complete upload becomes a clip that waits. @param also written in the same transaction. */
export async function acceptUpload(
  parts: Parts,
  upload: string,
  received: Received,
  { name, ...choice }: ScanChoice & { name: string },
  also: (queries: Queries, clip: string) => Promise<void> = async () => undefined,
): Promise<string> {
  return accept(parts, choice, (traced) => takeUpload(parts, upload, received, name, traced, also));
}

async function takeUpload(
  parts: Parts,
  upload: string,
  received: Received,
  name: string,
  choice: ScanChoice,
  also: (queries: Queries, clip: string) => Promise<void>,
): Promise<Events['accepted']> {
  const { storage, database } = parts;
  if (received.bytes === 0) throw errors.UPLOAD_EMPTY();
  const mediaType = await mediaTypeOf(storage.upload(upload));
  const media = await storage.adopt(upload);
  const id = randomUUID();
  let told: Events['accepted'];
  try {
    told = await database.transaction(async (queries) => {
      await insertMedia(queries, { id: media, ...received, mediaType });
      const clip = { id, media, name, url: null, sha256: received.sha256 };
      const queued = await enqueue(parts, queries, clip, choice);
      await also(queries, id);
      return queued;
    });
    await database.flush();
  } catch (error) {
    // The row may be there (a flush that failed): then the file belongs to it.
    const row = await findClip(database, id).catch(() => 'unknown');
    if (row === undefined) await storage.removeMedia(media);
    throw error;
  }
  return { ...told, bytes: received.bytes };
}

/**
 * A file of this machine becomes a clip that waits; it is copied to the store only where nothing there has its bytes.
 * @throws UPLOAD_EMPTY, UPLOAD_TOO_LARGE, CLIP_UNREADABLE, STORE_UNREACHABLE
 */
export async function acceptFile(
  parts: Parts,
  path: string,
  { name, ...choice }: ScanChoice & { name: string },
): Promise<string> {
  return accept(parts, choice, (traced) => takeFile(parts, path, name, traced));
}

async function takeFile(
  parts: Parts,
  path: string,
  name: string,
  choice: ScanChoice,
): Promise<Events['accepted']> {
  const { storage, database, config } = parts;
  const before = await stat(path);
  if (before.size === 0) throw errors.CLIP_EMPTY(path);
  if (before.size > config.clip.bytes) throw errors.UPLOAD_TOO_LARGE(before.size, config.clip.bytes);
  const sha256 = await sha256OfFile(path);
  const id = randomUUID();
  const add = (queries: Queries, media: string) =>
    enqueue(parts, queries, { id, media, name, url: null, sha256 }, choice);
  const known = await database.transaction(async (queries) => {
    // Held, so that a deletion of the other clip cannot take the file away meanwhile.
    const [row] = await queries.query<{ id: string }>(
      'select id from mesoscope.media where sha256 = $1 and bytes = $2 limit 1 for share',
      [sha256, before.size],
    );
    return row && add(queries, row.id);
  });
  if (known) return { ...known, bytes: before.size };
  const media = await storage.copyIn(path);
  let fresh: Events['accepted'];
  try {
    const after = await stat(path);
    if (after.size !== before.size || after.mtimeMs !== before.mtimeMs) {
      throw errors.CLIP_UNREADABLE(path, 'it changed while it was sent');
    }
    const mediaType = await mediaTypeOf(path);
    fresh = await database.transaction(async (queries) => {
      await insertMedia(queries, { id: media, bytes: before.size, sha256, mediaType });
      return add(queries, media);
    });
  } catch (error) {
    const row = await findClip(database, id).catch(() => 'unknown');
    if (row === undefined) await storage.removeMedia(media);
    throw error;
  }
  return { ...fresh, bytes: before.size };
}

/** An address becomes a clip that is fetched first. */
export async function acceptUrl(
  parts: Parts,
  url: string,
  name: string,
  choice: ScanChoice,
): Promise<string> {
  const clip = { id: randomUUID(), media: null, name, url, sha256: null };
  return accept(parts, choice, (traced) => takeRow(parts, clip, traced));
}

/** A further analysis of a file that is there. */
export async function acceptRescan(
  parts: Parts,
  { name, url, media, sha256 }: Pick<ClipRow, 'name' | 'url' | 'media' | 'sha256'>,
  choice: ScanChoice,
): Promise<string> {
  const clip = { id: randomUUID(), media, name, url, sha256 };
  return accept(parts, choice, (traced) => takeRow(parts, clip, traced));
}

/** A clip without bytes of its own. */
async function takeRow(parts: Parts, clip: Accepted, choice: ScanChoice): Promise<Events['accepted']> {
  const { database } = parts;
  const told = await database.transaction((queries) => enqueue(parts, queries, clip, choice));
  await database.flush();
  return told;
}
