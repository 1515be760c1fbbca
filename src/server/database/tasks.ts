/** Tasks as rows: pieces of long works, such as the parts of a data set, that workers do as they do clips. */
import type { Failure } from '../failure.ts';
import type { TaskKind } from '../jobs/queue.ts';
import type { Queries } from './database.ts';

export type TaskStatus = 'queued' | 'running' | 'done' | 'failed';

/** A file that a task left in the store. */
export interface LeftFile {
  bytes: number;
  /** Lower-case hex. */
  sha256: string;
}

/** Files by name, and what the task's process said of its end. */
export interface TaskResult {
  files: Record<string, LeftFile>;
  said: unknown;
}

export interface TaskProgress {
  done: number;
  total: number;
  /** Of the task's own kind. */
  event?: unknown;
}

/** What a killed run is gone on with. */
export interface TaskCheckpoint extends LeftFile {
  /** Which try left it. */
  attempt: number;
  step: number;
}

export interface TaskRow {
  id: string;
  kind: TaskKind;
  key: string;
  /** For people. */
  name: string;
  priority: number;
  turn: number;
  status: TaskStatus;
  job: string | null;
  attempts: number;
  lost: number;
  /** Checked by whoever works it: see tasks/payload.ts. */
  payload: unknown;
  progress: TaskProgress | null;
  checkpoint: TaskCheckpoint | null;
  result: TaskResult | null;
  error: Failure | null;
}

/** A stored file that a task reads. */
export interface TaskMedia {
  id: string;
  sha256: string;
  bytes: number;
}

const columns = `id, kind, key, name, priority, turn::float8 as turn, status, job, attempts, lost, payload, progress,
  checkpoint, result, error`;

export async function findTask(queries: Queries, id: string): Promise<TaskRow | undefined> {
  return (await queries.query<TaskRow>(`select ${columns} from mesoscope.task where id = $1`, [id]))[0];
}

/** How a task stands, without its payload, which may be large. */
export type TaskState = Omit<TaskRow, 'payload'>;

export async function taskOfKey(queries: Queries, key: string): Promise<TaskState | undefined> {
  const light = columns.replace(' payload,', '');
  return (await queries.query<TaskState>(`select ${light} from mesoscope.task where key = $1`, [key]))[0];
}

export function mediaOfTask(queries: Queries, id: string): Promise<TaskMedia[]> {
  return queries.query<TaskMedia>(
    `select m.id, m.sha256, m.bytes::float8 as bytes from mesoscope.task_media t
     join mesoscope.media m on m.id = t.media where t.task = $1`,
    [id],
  );
}

/**
 * Lets go of a task's files. @returns those that nothing else holds: their rows are gone, and whoever commits this
 * removes them from the store.
 */
export async function releaseMedia(queries: Queries, id: string): Promise<string[]> {
  const held = await queries.query<{ media: string }>(
    'delete from mesoscope.task_media where task = $1 returning media',
    [id],
  );
  if (held.length === 0) return [];
  const ids = held.map(({ media }) => media);
  // Held, so that a clip of the same file cannot be accepted between the look and the removal. In order: no deadlock.
  await queries.query('select id from mesoscope.media where id = any($1::uuid[]) order by id for update', [
    ids,
  ]);
  const removed = await queries.query<{ id: string }>(
    `delete from mesoscope.media m where id = any($1::uuid[])
     and not exists (select from mesoscope.clip where media = m.id)
     and not exists (select from mesoscope.task_media where media = m.id) returning id`,
    [ids],
  );
  return removed.map(({ id: media }) => media);
}

/** The task's result cannot be used: the next who asks for it has it made again. */
export async function discardResult(queries: Queries, id: string, error: Failure): Promise<void> {
  await queries.query(
    "update mesoscope.task set status = 'failed', result = null, error = $1 where id = $2 and status = 'done'",
    [JSON.stringify(error), id],
  );
}
