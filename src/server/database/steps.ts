/**
 * The steps of a clip's life, each one transaction. A step that ends carries who began it and which attempt it was:
 * a process that was taken for dead can finish nothing any more.
 */
import type { Progress } from '../api.ts';
import type { Failure } from '../failure.ts';
import type { ClipDocument } from '../jobs/messages.ts';
import type { ClipQueue, Queue } from '../jobs/queue.ts';
import type { ClipRow } from './clips.ts';
import { findClip } from './clips.ts';
import type { Database, Queries } from './database.ts';
import { rankOf } from './turns.ts';

export interface Begun extends ClipRow {
  server: number;
}

const waiting: Record<ClipQueue, string> = { fetch: 'fetching', analyse: 'queued' };
const going: Record<ClipQueue, string> = { fetch: 'fetching', analyse: 'running' };
const change = "changed = nextval('mesoscope.change')";

/** How long a clip waits while another of the same key is analysed, s. */
const twinWait = 5;

/** Begins the next clip of a queue; undefined where none waits. Of clips with the same key one runs at a time. */
export function begin(
  database: Database,
  queue: Queue,
  name: ClipQueue,
  server: number,
): Promise<Begun | undefined> {
  return database.transaction(async (queries) => {
    for (;;) {
      const taken = await queue.take(queries, name);
      if (!taken) return undefined;
      const [row] = await queries.query<{ id: string }>(
        `update mesoscope.clip set status = $1, server = $2, attempts = attempts + 1, ${change},
           started_at = case when $1 = 'running' then now() else started_at end, progress = null
         where id = $3 and job = $4 and status = $5 and server is null returning id`,
        [going[name], server, taken.id, taken.job, waiting[name]],
      );
      const begun = row && (await findClip(queries, row.id));
      if (begun && (await hasRunningTwin(queries, begun))) {
        await queue.remove(queries, name, taken.job);
        const attempts = begun.attempts - 1;
        await wait(queries, queue, { ...begun, server }, { attempts, seconds: twinWait });
        continue;
      }
      if (begun) return { ...begun, server };
      // Cancelled, deleted, or begun anew by another ticket.
      await queue.remove(queries, name, taken.job);
    }
  });
}

/** Begins a clip that waits, out of its turn; undefined where it waits no more. */
export function beginThis(
  database: Database,
  queue: Queue,
  id: string,
  server: number,
): Promise<Begun | undefined> {
  return database.transaction(async (queries) => {
    const [row] = await queries.query<{ job: string | null }>(
      `update mesoscope.clip set status = 'running', server = $1, attempts = attempts + 1, ${change},
         started_at = now(), progress = null
       where id = $2 and status = 'queued' and server is null returning job`,
      [server, id],
    );
    if (!row) return undefined;
    if (row.job) await queue.remove(queries, 'analyse', row.job);
    const begun = await findClip(queries, id);
    return begun && { ...begun, server };
  });
}

/** Two who begin clips of one key look one after the other. */
async function hasRunningTwin(queries: Queries, { id, key }: ClipRow): Promise<boolean> {
  if (key === null) return false;
  await queries.query('select pg_advisory_xact_lock(hashtextextended($1, 0))', [key]);
  const [{ twin }] = await queries.query<{ twin: boolean }>(
    "select exists (select from mesoscope.clip where key = $1 and status = 'running' and id <> $2) as twin",
    [key, id],
  );
  return twin;
}

/** Puts a clip that is this server's back into its queue. */
async function wait(
  queries: Queries,
  queue: Queue,
  clip: Pick<Begun, 'id' | 'server' | 'attempts' | 'status' | 'priority' | 'turn'>,
  { attempts, seconds, lost = 0 }: { attempts: number; seconds: number; lost?: number },
): Promise<boolean> {
  const name: ClipQueue = clip.status === 'fetching' ? 'fetch' : 'analyse';
  const job = await queue.add(queries, name, clip.id, { rank: rankOf(clip), seconds });
  const rows = await queries.query(
    `update mesoscope.clip set status = $1, job = $2, server = null, attempts = $3, progress = null,
       not_before = now() + make_interval(secs => $4::int), waits_since = now(), lost = lost + $5::int, ${change}
     where ${stillMine(6)} returning id`,
    [waiting[name], job, attempts, seconds, lost, ...mine(clip)],
  );
  if (rows.length === 0) await queue.remove(queries, name, job);
  return rows.length === 1;
}

/** @returns false where the clip is no longer this server's: cancelled, deleted, or taken over. */
export async function report(queries: Queries, clip: Begun, progress: Progress): Promise<boolean> {
  const rows = await queries.query(
    `update mesoscope.clip set progress = $1, ${change} where ${stillMine(2)} returning id`,
    [json(progress), ...mine(clip)],
  );
  return rows.length === 1;
}

export type Ending =
  | { status: 'done'; document: ClipDocument }
  | { status: 'failed'; error: Failure; document: ClipDocument | null };

/** @returns false where the clip is no longer this server's; then nothing was changed. */
export function finish(database: Database, queue: Queue, clip: Begun, ending: Ending): Promise<boolean> {
  const { document } = ending;
  const result = document?.result;
  return database.transaction(async (queries) => {
    const rows = await queries.query(
      `update mesoscope.clip set status = $1, finished_at = now(), progress = null, server = null, job = null,
         document = $2, error = $3, verdict = $4, score = $5, interval_low = $6, interval_high = $7,
         duration_seconds = $8, ${change}
       where ${stillMine(9)} returning id`,
      [
        ending.status,
        document && json(document),
        ending.status === 'failed' ? json(ending.error) : null,
        ending.status === 'done' ? (result?.verdict ?? null) : null,
        result?.score ?? null,
        result?.interval?.[0] ?? null,
        result?.interval?.[1] ?? null,
        result?.clip.durationSeconds ?? null,
        ...mine(clip),
      ],
    );
    if (clip.job) await queue.remove(queries, clip.status === 'fetching' ? 'fetch' : 'analyse', clip.job);
    return rows.length === 1;
  });
}

/** A fetched clip has its file and waits for its analysis. */
export function fetched(
  database: Database,
  queue: Queue,
  clip: Begun,
  media: string,
  key: string | null,
  insert: (queries: Queries) => Promise<void>,
): Promise<boolean> {
  return database.transaction(async (queries) => {
    await insert(queries);
    const job = await queue.add(queries, 'analyse', clip.id, { rank: rankOf(clip) });
    const rows = await queries.query(
      `update mesoscope.clip set status = 'queued', media = $1, job = $2, key = $3, server = null, attempts = 0,
         waits_since = now(), progress = null, ${change} where ${stillMine(4)} returning id`,
      [media, job, key, ...mine(clip)],
    );
    // Throwing undoes the file's row and the job too.
    if (rows.length === 0) throw new GoneError();
    if (clip.job) await queue.remove(queries, 'fetch', clip.job);
    return true;
  });
}

/** The clip is no longer this server's. */
export class GoneError extends Error {
  override name = 'GoneError';
}

export interface PutBack {
  /** What ended the try. A stop on purpose and a lost connection do not count against the clip. */
  why: 'stopped' | 'lost' | 'failed';
  /** Before the next try. */
  seconds: number;
  giveUp: (attempts: number) => Failure | undefined;
}

/** Puts a clip back that its server did not finish, or ends it where that happened too often. */
export function putBack(
  database: Database,
  queue: Queue,
  clip: Pick<Begun, 'id' | 'server' | 'attempts' | 'status' | 'job' | 'priority' | 'turn'>,
  { why, seconds, giveUp }: PutBack,
): Promise<'again' | 'ended' | 'not ours'> {
  const counts = why === 'failed';
  return database.transaction(async (queries) => {
    const failure = counts ? giveUp(clip.attempts) : undefined;
    if (clip.job) await queue.remove(queries, clip.status === 'fetching' ? 'fetch' : 'analyse', clip.job);
    if (failure) {
      const rows = await queries.query(
        `update mesoscope.clip set status = 'failed', finished_at = now(), progress = null, server = null, job = null,
           error = $1, ${change} where ${stillMine(2)} returning id`,
        [json(failure), ...mine(clip)],
      );
      return rows.length === 1 ? 'ended' : 'not ours';
    }
    const attempts = counts ? clip.attempts : clip.attempts - 1;
    const lost = why === 'lost' ? 1 : 0;
    return (await wait(queries, queue, clip, { attempts, seconds, lost })) ? 'again' : 'not ours';
  });
}

/** Whether this very attempt is the one that ended the clip: its answer may have been lost with a connection. */
export async function endedByThis(queries: Queries, { id, attempts }: Begun): Promise<boolean> {
  const rows = await queries.query(
    "select from mesoscope.clip where id = $1 and attempts = $2 and status in ('done', 'failed')",
    [id, attempts],
  );
  return rows.length === 1;
}

/** @returns false where the clip had ended already. */
export function cancel(database: Database, queue: Queue, clip: ClipRow): Promise<boolean> {
  return database.transaction(async (queries) => {
    const rows = await queries.query(
      `update mesoscope.clip set status = 'cancelled', finished_at = now(), progress = null, server = null, job = null,
         ${change} where id = $1 and status in ('fetching', 'queued', 'running') returning id`,
      [clip.id],
    );
    if (rows.length === 1 && clip.job) {
      await queue.remove(queries, clip.status === 'fetching' ? 'fetch' : 'analyse', clip.job);
    }
    return rows.length === 1;
  });
}

/** For a jsonb column, which takes neither NUL nor half of a surrogate pair: file names and metadata may hold both. */
export function json(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) =>
    typeof part === 'string' ? part.replaceAll('\0', '\ufffd').replace(/\p{Surrogate}/gu, '\ufffd') : part,
  );
}

/** The condition that a row is still this attempt's, with its three values from place `at` on. */
export const stillMine = (at: number) =>
  `id = $${at} and server = $${at + 1} and attempts = $${at + 2} and status in ('fetching', 'running')`;

export const mine = ({ id, server, attempts }: Pick<Begun, 'id' | 'server' | 'attempts'>) => [
  id,
  server,
  attempts,
];
