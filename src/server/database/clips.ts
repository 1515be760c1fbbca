/** Clips and their files as rows. Every change takes a new number of one sequence, so that streams can tell what is new. */
import type { ClipQuery, ClipStatus, ClipSummary, Progress } from '../api.ts';
import type { ClipDocument } from '../jobs/messages.ts';
import type { Queries } from './database.ts';

export interface MediaRow {
  id: string;
  sha256: string;
  bytes: number;
  mediaType: string;
}

export interface ClipRow {
  id: string;
  number: number;
  media: string | null;
  name: string;
  url: string | null;
  detector: string;
  detector_sha256: string | null;
  sample: string;
  client: string;
  priority: number;
  turn: number;
  key: string | null;
  status: ClipStatus;
  job: string | null;
  attempts: number;
  lost: number;
  changed: number;
  created_at: Date;
  started_at: Date | null;
  finished_at: Date | null;
  progress: Progress | null;
  verdict: ClipSummary['verdict'];
  score: number | null;
  interval_low: number | null;
  interval_high: number | null;
  duration_seconds: number | null;
  error: ClipSummary['error'];
  bytes: number | null;
  sha256: string | null;
  media_type: string | null;
  ahead: number;
  trace: string | null;
  waits_since: Date;
}

/** A row with the large part, which lists leave in the database. */
export interface FullClipRow extends ClipRow {
  document: ClipDocument | null;
}

export interface NewClip {
  id: string;
  media: string | null;
  name: string;
  url: string | null;
  detector: string;
  sample: string;
  detectorSha256: string;
  client: string;
  priority: number;
  turn: number;
  key: string | null;
  status: 'fetching' | 'queued';
  job: string;
  /** `traceparent` of its acceptance. */
  trace: string | null;
}

/** Clips ahead of one are counted up to here: nobody waits for the exact number of so many. */
const mostAhead = 10_000;

// Counts are far below 2^53; as float8 both databases give numbers and not strings.
const columns = `c.id, c.number::float8 as number, c.media, c.name, c.url, c.detector, c.detector_sha256, c.sample, c.status,
  c.job, c.client, c.priority, c.turn::float8 as turn, c.key, c.attempts, c.lost, c.changed::float8 as changed, c.created_at, c.started_at, c.finished_at, c.progress, c.verdict, c.score,
  c.interval_low, c.interval_high, c.duration_seconds, c.trace, c.waits_since, c.error, m.bytes::float8 as bytes, m.sha256, m.media_type,
  case when c.status = 'queued' then (select count(*)::int from (select from mesoscope.clip q
    where q.status = 'queued' and (-q.priority, q.turn, q.number) < (-c.priority, c.turn, c.number)
    limit ${mostAhead}) ahead) else 0 end as ahead`;
const from = 'from mesoscope.clip c left join mesoscope.media m on m.id = c.media';

export async function insertMedia(queries: Queries, media: MediaRow): Promise<void> {
  await queries.query('insert into mesoscope.media (id, sha256, bytes, media_type) values ($1, $2, $3, $4)', [
    media.id,
    media.sha256,
    media.bytes,
    media.mediaType,
  ]);
}

export async function insertClip(queries: Queries, clip: NewClip): Promise<void> {
  await queries.query(
    `insert into mesoscope.clip (id, media, name, url, detector, sample, status, job, detector_sha256, client, priority,
       turn, key, trace)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)`,
    [
      ...[clip.id, clip.media, clip.name, clip.url, clip.detector, clip.sample, clip.status, clip.job],
      ...[clip.detectorSha256, clip.client, clip.priority, clip.turn, clip.key, clip.trace],
    ],
  );
}

export async function findClip(queries: Queries, id: string): Promise<ClipRow | undefined> {
  return (await queries.query<ClipRow>(`select ${columns} ${from} where c.id = $1`, [id]))[0];
}

export async function findFullClip(queries: Queries, id: string): Promise<FullClipRow | undefined> {
  return (await queries.query<FullClipRow>(`select ${columns}, c.document ${from} where c.id = $1`, [id]))[0];
}

/** Other analyses of the same file, oldest first. */
export async function relatedClips(queries: Queries, { id, media }: ClipRow): Promise<ClipRow[]> {
  if (media === null) return [];
  return queries.query<ClipRow>(
    `select ${columns} ${from} where c.media = $1 and c.id <> $2 order by c.number`,
    [media, id],
  );
}

export interface ClipPage {
  rows: ClipRow[];
  total: number;
}

/** One row more than `limit` where there is a further page. */
export async function listClips(
  queries: Queries,
  query: Omit<ClipQuery, 'before' | 'limit'> & { before: number | undefined; limit: number },
): Promise<ClipPage> {
  const values: unknown[] = [];
  const where: string[] = [];
  const add = (condition: (place: string) => string, value: unknown) => {
    values.push(value);
    where.push(condition(`$${values.length}`));
  };
  if (query.verdict) add((p) => `c.verdict = ${p}`, query.verdict);
  if (query.status) add((p) => `c.status = ${p}`, query.status);
  if (query.detector) add((p) => `c.detector = ${p}`, query.detector);
  if (query.search) {
    const text = query.search.replace(/[\\%_]/g, '\\$&');
    add((p) => `(c.name ilike ${p} or c.url ilike ${p})`, `%${text}%`);
    if (/^[0-9a-f]{4,64}$/i.test(query.search)) {
      values.push(`${query.search.toLowerCase()}%`);
      where[where.length - 1] = `(${where[where.length - 1]} or m.sha256 like $${values.length})`;
    }
  }
  const all = where.length > 0 ? `where ${where.join(' and ')}` : '';
  const [{ total }] = await queries.query<{ total: number }>(
    `select count(*)::int as total ${from} ${all}`,
    values,
  );
  if (query.before !== undefined) add((p) => `c.number < ${p}`, query.before);
  const page = where.length > 0 ? `where ${where.join(' and ')}` : '';
  const rows = await queries.query<ClipRow>(
    `select ${columns} ${from} ${page} order by c.number desc limit ${query.limit + 1}`,
    values,
  );
  return { rows, total };
}

/** Clips that changed after a number, in the order of their changes. */
export function changedSince(queries: Queries, changed: number): Promise<ClipRow[]> {
  return queries.query<ClipRow>(`select ${columns} ${from} where c.changed > $1 order by c.changed`, [
    changed,
  ]);
}

/** Clips that something is still to happen to. */
export function openClips(queries: Queries): Promise<ClipRow[]> {
  return queries.query<ClipRow>(
    `select ${columns} ${from} where c.status in ('fetching', 'queued', 'running') order by c.changed`,
  );
}

export async function newestChange(queries: Queries): Promise<number> {
  const [{ newest }] = await queries.query<{ newest: number }>(
    'select coalesce(max(changed), 0)::float8 as newest from mesoscope.clip',
  );
  return newest;
}

/** Takes a clip out, and its file where no other clip has it. @returns what to remove from the disk. */
export async function deleteClip(
  queries: Queries,
  id: string,
): Promise<{ job: string | null; status: ClipStatus; media: string | null } | undefined> {
  const [row] = await queries.query<{ job: string | null; status: ClipStatus; media: string | null }>(
    'delete from mesoscope.clip where id = $1 returning job, status, media',
    [id],
  );
  if (!row) return undefined;
  await queries.query('delete from mesoscope.upload where clip = $1', [id]);
  if (row.media === null) return row;
  // Held, so that a second analysis of the same file cannot begin between the look and the removal.
  await queries.query('select id from mesoscope.media where id = $1 for update', [row.media]);
  const removed = await queries.query<{ id: string }>(
    `delete from mesoscope.media where id = $1
     and not exists (select from mesoscope.clip where media = $1)
     and not exists (select from mesoscope.task_media where media = $1) returning id`,
    [row.media],
  );
  return { ...row, media: removed[0]?.id ?? null };
}
