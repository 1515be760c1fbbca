/** Sends tasks: their files go to the store once, the task waits in the queue, and one of the same key is found again. */
import { stat } from 'node:fs/promises';
import { setTimeout } from 'node:timers/promises';
import { errors } from '../../base/errors.ts';
import { sha256OfFile } from '../../base/hash.ts';
import { insertMedia, type MediaRow } from '../database/clips.ts';
import type { Queries } from '../database/database.ts';
import { isLost } from '../database/lost.ts';
import { addTask, KnownTaskError, type NewTask } from '../database/task-steps.ts';
import { type TaskState, taskOfKey } from '../database/tasks.ts';
import { mediaTypeOf } from '../storage/media-type.ts';
import type { Joined } from '../work.ts';

type Parts = Pick<Joined, 'database' | 'queue' | 'storage' | 'runner'>;

/** A file of this machine, as it was when it was read through. */
export interface HashedFile {
  path: string;
  sha256: string;
  bytes: number;
  /** Time of the last change, ms. */
  changed: number;
}

/** Reads a file whole. Throws what the file system throws. */
export async function hashFile(path: string): Promise<HashedFile> {
  const { size: bytes, mtimeMs: changed } = await stat(path);
  return { path, bytes, changed, sha256: await sha256OfFile(path) };
}

/**
 * Nothing is sent where a task of the key waits, runs or is done.
 * @throws CLIP_UNREADABLE where a file changed since it was hashed, STORE_UNREACHABLE
 */
export async function sendTask(parts: Parts, task: NewTask, files: readonly HashedFile[]): Promise<void> {
  const { database, queue, storage, runner } = parts;
  // Nobody could read an empty one from a bucket, and nobody needs to.
  const wanted = [...new Map(files.map((file) => [file.sha256, file])).values()].filter(
    ({ bytes }) => bytes > 0,
  );
  for (;;) {
    const known = await taskOfKey(database, task.key);
    if (known && known.status !== 'failed') return;
    const there = new Set((await mediaOf(database, wanted)).map(({ sha256 }) => sha256));
    const sent: MediaRow[] = [];
    let added = false;
    try {
      for (const file of wanted) if (!there.has(file.sha256)) sent.push(await copyIn(storage, file));
      await database.transaction(async (queries) => {
        // Held, so that the end of another task or the deletion of a clip cannot take them away meanwhile.
        const held = await mediaOf(queries, wanted, 'order by id for share');
        for (const media of sent) await insertMedia(queries, media);
        const bySha = new Map([...held, ...sent].map((media) => [media.sha256, media]));
        if (bySha.size < wanted.length) throw new MediaWentError();
        await addTask(queries, queue, task, [...bySha.values()]);
      });
      added = true;
      runner.wake();
      return;
    } catch (error) {
      if (!(error instanceof KnownTaskError || error instanceof MediaWentError)) {
        // Committed, and the word of it was lost: then the files are the task's.
        added = (await taskOfKey(database, task.key).catch(() => undefined)) !== undefined;
        throw error;
      }
    } finally {
      if (!added) for (const { id } of sent) await storage.removeMedia(id).catch(() => undefined);
    }
  }
}

/** The store's file of those bytes went between the look and the sending. */
class MediaWentError extends Error {
  override name = 'MediaWentError';
}

/** Of each hash one. */
async function mediaOf(
  queries: Queries,
  files: readonly HashedFile[],
  lock: 'order by id' | 'order by id for share' = 'order by id',
): Promise<Pick<MediaRow, 'id' | 'sha256'>[]> {
  const rows = await queries.query<Pick<MediaRow, 'id' | 'sha256'>>(
    `select id, sha256 from mesoscope.media m
     where (sha256, bytes) in (select * from unnest($1::text[], $2::bigint[])) ${lock}`,
    [files.map(({ sha256 }) => sha256), files.map(({ bytes }) => bytes)],
  );
  return [...new Map(rows.map((row) => [row.sha256, row])).values()];
}

async function copyIn(storage: Parts['storage'], file: HashedFile): Promise<MediaRow> {
  const { path, bytes, sha256, changed } = file;
  const mediaType = await mediaTypeOf(path);
  const id = await storage.copyIn(path);
  const after = await stat(path);
  if (after.size !== bytes || after.mtimeMs !== changed) {
    await storage.removeMedia(id);
    throw errors.CLIP_UNREADABLE(path, 'it changed while it was sent');
  }
  return { id, bytes, sha256, mediaType };
}

const lookEvery = 500;

export interface LookOptions {
  /** Hears how it stands, each time that it is looked at. */
  onLook?: (state: TaskState) => void;
  /** Time between two looks, ms. */
  every?: number;
}

/**
 * How a task ended: `done` or `failed`; undefined after an abort. A database that is away is waited for.
 */
export async function endOfTask(
  { database }: Pick<Joined, 'database'>,
  key: string,
  signal: AbortSignal,
  { onLook = () => undefined, every = lookEvery }: LookOptions = {},
): Promise<TaskState | undefined> {
  for (; !signal.aborted; await setTimeout(every, undefined, { signal }).catch(() => undefined)) {
    try {
      const state = await taskOfKey(database, key);
      // Another sender makes a failed one anew: for a moment there is none.
      if (!state) continue;
      onLook(state);
      if (state.status === 'done' || state.status === 'failed') return state;
    } catch (error) {
      // The runner tells that the database is away; what was sent waits there.
      if (!isLost(error)) throw error;
    }
  }
  return undefined;
}
