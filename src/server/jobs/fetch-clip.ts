/** Gets a clip from its address into the data folder, and moves it on to its analysis. */
import { randomUUID } from 'node:crypto';
import { describe, errors, UserError } from '../../base/errors.ts';
import type { Changes } from '../changes.ts';
import type { ServerConfig } from '../config.ts';
import { insertMedia } from '../database/clips.ts';
import type { Database } from '../database/database.ts';
import { type Begun, fetched, finish, GoneError, report } from '../database/steps.ts';
import { failureOf } from '../failure.ts';
import { type AddressRules, openUrl } from '../security/address.ts';
import { mediaTypeOf } from '../storage/media-type.ts';
import { receiveFile } from '../storage/receive.ts';
import type { Storage } from '../storage/storage.ts';
import { type Log, secondsSince, tryOf } from '../watch/log.ts';
import type { Queue } from './queue.ts';
import { resultKey } from './result-key.ts';

export interface FetchParts {
  database: Database;
  queue: Queue;
  storage: Storage;
  changes: Changes;
  config: ServerConfig;
  rules: AddressRules;
  log: Log;
}

/** How often progress is told, ms. */
const reportEvery = 500;

/**
 * Ends the clip where its address is at fault; throws what is the server's own fault, and nothing after an abort.
 * @returns `open` where it was aborted and the clip is still to be handed back
 */
export async function fetchClip(
  parts: FetchParts,
  clip: Begun,
  signal: AbortSignal,
): Promise<'ended' | 'open'> {
  const { database, queue, storage, config, log } = parts;
  const begun = performance.now();
  const ended = () => ({ ...tryOf(clip), seconds: secondsSince(begun) });
  const upload = randomUUID();
  const out = AbortSignal.timeout(config.url.seconds * 1000);
  try {
    const received = await download(parts, clip, upload, AbortSignal.any([signal, out]));
    const mediaType = await mediaTypeOf(storage.upload(upload));
    const media = await storage.adopt(upload);
    const key = clip.detector_sha256
      ? resultKey({ clip: received.sha256, detector: clip.detector_sha256, sample: clip.sample })
      : null;
    await fetched(database, queue, clip, media, key, (queries) =>
      insertMedia(queries, { id: media, ...received, mediaType }),
    ).catch(async (error) => {
      await storage.removeMedia(media);
      throw error;
    });
    log.tell('fetched', ended());
    await database.flush();
  } catch (error) {
    if (signal.aborted) return 'open';
    if (error instanceof GoneError) {
      log.tell('dropped', ended());
      return 'ended';
    }
    const known = out.aborted
      ? errors.URL_FAILED(clip.url ?? '', `it took longer than ${config.url.seconds} s`)
      : error;
    if (!(known instanceof UserError)) throw error;
    const failed = { status: 'failed' as const, error: failureOf(known), document: null };
    const kept = await finish(database, queue, clip, failed);
    if (kept) log.tell('failed', { ...ended(), code: known.code, stage: 'fetch' });
    else log.tell('dropped', ended());
  } finally {
    await storage.removeUpload(upload);
  }
  return 'ended';
}

async function download(parts: FetchParts, clip: Begun, upload: string, signal: AbortSignal) {
  const { database, storage, changes, config, rules } = parts;
  const url = clip.url ?? '';
  const { response } = await openUrl(url, rules, { redirects: config.url.redirects, signal });
  const total = Number(response.headers['content-length'] ?? 0) || 0;
  try {
    if (total > config.url.bytes) throw errors.UPLOAD_TOO_LARGE(total, config.url.bytes);
    await storage.checkSpace(total);
    let told = 0;
    const received = await receiveFile(response, storage.upload(upload), config.url.bytes, {
      signal,
      onBytes: (done) => {
        if (Date.now() - told < reportEvery) return;
        told = Date.now();
        const fraction = total > 0 ? Math.min(1, done / total) : 0;
        const progress = { stage: 'fetch' as const, done, total, fraction: 0, secondsLeft: null };
        // Of the whole analysis, whose longer part comes after the fetch.
        report(database, clip, { ...progress, fraction: Math.round(fraction * 10) / 1000 })
          .then(() => changes.changed(clip.id))
          .catch(() => undefined);
      },
    });
    if (total > 0 && received.bytes < total) throw errors.URL_FAILED(url, 'it broke off');
    if (received.bytes === 0) throw errors.URL_FAILED(url, 'it is empty');
    return received;
  } catch (error) {
    if (error instanceof UserError || signal.aborted) throw error;
    throw errors.URL_FAILED(url, describe(error));
  } finally {
    response.destroy();
  }
}
