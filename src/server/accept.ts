/** The moment from which a clip is the server's to keep: bytes and row are on the disk before anyone is told. */
import { randomUUID } from 'node:crypto';
import { errors } from '../base/errors.ts';
import { defaultSampling, formatSampling, parseSampling } from '../media/sampling.ts';
import type { ClipRow } from './database/clips.ts';
import { findClip, insertClip, insertMedia } from './database/clips.ts';
import type { Queries } from './database/database.ts';
import type { Services } from './services.ts';
import { mediaTypeOf } from './storage/media-type.ts';
import type { Received } from './storage/receive.ts';

export interface ScanChoice {
  detector: string;
  sample: string;
}

type Parts = Pick<
  Services,
  'storage' | 'database' | 'queue' | 'runner' | 'changes' | 'metrics' | 'detectors' | 'config'
>;

/** What was asked for, or the defaults. @throws DETECTOR_UNKNOWN, SAMPLING_INVALID, SAMPLING_TOO_MANY */
export function chooseScan(
  { detectors, config }: Pick<Parts, 'detectors' | 'config'>,
  asked: { detector?: string | undefined; sample?: string | undefined },
): ScanChoice {
  const detector = detectors.named(asked.detector).name;
  const sampling = asked.sample === undefined ? defaultSampling : parseSampling(asked.sample);
  const limit = config.clip.sampledFrames;
  // Other policies depend on the clip's length; the analysis checks them.
  if ((sampling.kind === 'even' || sampling.kind === 'range') && sampling.count > limit) {
    throw errors.SAMPLING_TOO_MANY(formatSampling(sampling), sampling.count, limit);
  }
  return { detector, sample: formatSampling(sampling) };
}

/** A complete upload becomes a clip that waits. @param also written in the same transaction. */
export async function acceptUpload(
  parts: Parts,
  upload: string,
  received: Received,
  { name, detector, sample }: ScanChoice & { name: string },
  also: (queries: Queries, clip: string) => Promise<void> = async () => undefined,
): Promise<string> {
  const { storage, database, queue, runner, changes, metrics } = parts;
  if (received.bytes === 0) throw errors.UPLOAD_EMPTY();
  const mediaType = await mediaTypeOf(storage.upload(upload));
  const media = await storage.adopt(upload);
  const id = randomUUID();
  try {
    await database.transaction(async (queries) => {
      await insertMedia(queries, { id: media, ...received, mediaType });
      const job = await queue.add(queries, 'analyse', id);
      await insertClip(queries, { id, media, name, url: null, detector, sample, status: 'queued', job });
      await also(queries, id);
    });
    await database.flush();
  } catch (error) {
    // The row may be there (a flush that failed): then the file belongs to it.
    const row = await findClip(database, id).catch(() => 'unknown');
    if (row === undefined) await storage.removeMedia(media);
    throw error;
  }
  metrics.uploadedBytes.inc(received.bytes);
  changes.changed(id);
  runner.wake();
  return id;
}

/** An address becomes a clip that is fetched first. */
export async function acceptUrl(
  { database, queue, runner, changes }: Parts,
  url: string,
  name: string,
  { detector, sample }: ScanChoice,
): Promise<string> {
  const id = randomUUID();
  await database.transaction(async (queries) => {
    const job = await queue.add(queries, 'fetch', id);
    await insertClip(queries, { id, media: null, name, url, detector, sample, status: 'fetching', job });
  });
  await database.flush();
  changes.changed(id);
  runner.wake();
  return id;
}

/** A further analysis of a file that is there. */
export async function acceptRescan(
  { database, queue, runner, changes }: Parts,
  clip: ClipRow,
  { detector, sample }: ScanChoice,
): Promise<string> {
  const id = randomUUID();
  const { name, url, media } = clip;
  await database.transaction(async (queries) => {
    const job = await queue.add(queries, 'analyse', id);
    await insertClip(queries, { id, media, name, url, detector, sample, status: 'queued', job });
  });
  await database.flush();
  changes.changed(id);
  runner.wake();
  return id;
}
