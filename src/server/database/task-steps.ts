/**
 * The steps of a task's life, each one transaction; the rules are those of a clip (steps.ts): an end carries who began it
 * and which attempt it was, and a task that its worker did not finish waits again.
 */
import { randomUUID } from 'node:crypto';
import type { Failure } from '../failure.ts';
import type { Queue, TaskKind } from '../jobs/queue.ts';
import type { Database, Queries } from './database.ts';
import { json, mine, type PutBack, stillMine } from './steps.ts';
import {
  findTask,
  releaseMedia,
  type TaskCheckpoint,
  type TaskMedia,
  type TaskProgress,
  type TaskResult,
  type TaskRow,
} from './tasks.ts';
import { rankOf, type Sender, takeTurn } from './turns.ts';

export interface BegunTask extends TaskRow {
  server: number;
}

export interface NewTask extends Sender {
  kind: TaskKind;
  key: string;
  name: string;
  payload: unknown;
}

/** A task of the same key is there already: waiting, running or done. */
export class KnownTaskError extends Error {
  override name = 'KnownTaskError';
}

/** Adds a task that waits, in the caller's transaction. One of the same key that failed makes room. */
export async function addTask(
  queries: Queries,
  queue: Queue,
  { kind, key, name, payload, ...sender }: NewTask,
  media: readonly Pick<TaskMedia, 'id'>[],
): Promise<void> {
  await queries.query("delete from mesoscope.task where key = $1 and status = 'failed'", [key]);
  const id = randomUUID();
  const turn = await takeTurn(queries, sender, kind);
  const rows = await queries.query(
    `insert into mesoscope.task (id, kind, key, name, client, priority, turn, status, payload)
     values ($1, $2, $3, $4, $5, $6, $7, 'queued', $8) on conflict (key) do nothing returning id`,
    [id, kind, key, name, sender.client, sender.priority, turn, json(payload)],
  );
  // Throwing undoes the media's rows and the turn.
  if (rows.length === 0) throw new KnownTaskError();
  const job = await queue.add(queries, kind, id, { rank: rankOf({ priority: sender.priority, turn }) });
  await queries.query('update mesoscope.task set job = $1 where id = $2', [job, id]);
  await queries.query(
    'insert into mesoscope.task_media (task, media) select $1, unnest($2::uuid[]) on conflict do nothing',
    [id, media.map((file) => file.id)],
  );
}

/** Begins the next task of a kind; undefined where none waits. */
export function beginTask(
  database: Database,
  queue: Queue,
  kind: TaskKind,
  server: number,
): Promise<BegunTask | undefined> {
  return database.transaction(async (queries) => {
    for (;;) {
      const taken = await queue.take(queries, kind);
      if (!taken) return undefined;
      const [row] = await queries.query<{ id: string }>(
        `update mesoscope.task set status = 'running', server = $1, attempts = attempts + 1, started_at = now(),
           progress = null where id = $2 and job = $3 and status = 'queued' and server is null returning id`,
        [server, taken.id, taken.job],
      );
      const begun = row && (await findTask(queries, row.id));
      if (begun) return { ...begun, server };
      // Begun anew by another ticket.
      await queue.remove(queries, kind, taken.job);
    }
  });
}

/** @returns false where the task is no longer this server's. */
export const reportTask = (queries: Queries, task: BegunTask, progress: TaskProgress) =>
  keep(queries, task, 'progress', progress);

/** What another try can go on from. @returns false where the task is no longer this server's. */
export const recordCheckpoint = (queries: Queries, task: BegunTask, checkpoint: TaskCheckpoint) =>
  keep(queries, task, 'checkpoint', checkpoint);

async function keep(
  queries: Queries,
  task: BegunTask,
  column: 'progress' | 'checkpoint',
  value: unknown,
): Promise<boolean> {
  const rows = await queries.query(
    `update mesoscope.task set ${column} = $1 where ${stillMine(2)} returning id`,
    [json(value), ...mine(task)],
  );
  return rows.length === 1;
}

export type TaskEnding = { status: 'done'; result: TaskResult } | { status: 'failed'; error: Failure };

/** `orphans`: media that no one needs any more, to be removed from the store. */
export interface Ended {
  kept: boolean;
  orphans: string[];
}

/** Not kept where the task is no longer this server's; then nothing was changed. */
export function finishTask(
  database: Database,
  queue: Queue,
  task: BegunTask,
  ending: TaskEnding,
): Promise<Ended> {
  return database.transaction(async (queries) => {
    if (task.job) await queue.remove(queries, task.kind, task.job);
    return end(queries, task, ending);
  });
}

async function end(
  queries: Queries,
  task: Pick<BegunTask, 'id' | 'server' | 'attempts'>,
  ending: TaskEnding,
): Promise<Ended> {
  const rows = await queries.query(
    `update mesoscope.task set status = $1, finished_at = now(), progress = null, server = null, job = null, checkpoint = null,
       result = $2, error = $3 where ${stillMine(4)} returning id`,
    [
      ending.status,
      ending.status === 'done' ? json(ending.result) : null,
      ending.status === 'failed' ? json(ending.error) : null,
      ...mine(task),
    ],
  );
  if (rows.length === 0) return { kept: false, orphans: [] };
  return { kept: true, orphans: await releaseMedia(queries, task.id) };
}

/** Puts a task back that its server did not finish, or ends it where that happened too often. */
export function putBackTask(
  database: Database,
  queue: Queue,
  task: Pick<BegunTask, 'id' | 'kind' | 'server' | 'attempts' | 'job' | 'priority' | 'turn'>,
  { why, seconds, giveUp }: PutBack,
): Promise<{ how: 'again' | 'ended' | 'not ours'; orphans: string[] }> {
  const counts = why === 'failed';
  return database.transaction(async (queries) => {
    if (task.job) await queue.remove(queries, task.kind, task.job);
    const error = counts ? giveUp(task.attempts) : undefined;
    if (error) {
      const { kept, orphans } = await end(queries, task, { status: 'failed', error });
      return { how: kept ? 'ended' : 'not ours', orphans };
    }
    const job = await queue.add(queries, task.kind, task.id, { rank: rankOf(task), seconds });
    const rows = await queries.query(
      `update mesoscope.task set status = 'queued', job = $1, server = null, attempts = $2, progress = null,
         not_before = now() + make_interval(secs => $3::int), lost = lost + $4::int
       where ${stillMine(5)} returning id`,
      [job, counts ? task.attempts : task.attempts - 1, seconds, why === 'lost' ? 1 : 0, ...mine(task)],
    );
    if (rows.length === 1) return { how: 'again', orphans: [] };
    await queue.remove(queries, task.kind, job);
    return { how: 'not ours', orphans: [] };
  });
}

/** Ends a task that waits or runs; whoever runs it finds out by {@link isStillMine}. */
export function cancelTask(
  database: Database,
  queue: Queue,
  id: string,
  error: Failure,
): Promise<{ ended: boolean; orphans: string[] }> {
  return database.transaction(async (queries) => {
    for (;;) {
      const [task] = await queries.query<Pick<TaskRow, 'kind' | 'job'>>(
        `select kind, job from mesoscope.task where id = $1 and ${open}`,
        [id],
      );
      if (!task) return { ended: false, orphans: [] };
      // The ticket before the row, as all others take them: else two could wait for each other.
      if (task.job) await queue.remove(queries, task.kind, task.job);
      const rows = await queries.query(
        `update mesoscope.task set status = 'failed', finished_at = now(), progress = null, server = null, job = null,
           checkpoint = null, error = $1 where id = $2 and ${open} and job is not distinct from $3 returning id`,
        [json(error), id, task.job],
      );
      if (rows.length === 1) return { ended: true, orphans: await releaseMedia(queries, id) };
      // It got another ticket meanwhile, or came to its end.
    }
  });
}

const open = "status in ('queued', 'running')";

/** False where somebody else has it by now, or it was cancelled. */
export async function isStillMine(queries: Queries, task: BegunTask): Promise<boolean> {
  const rows = await queries.query(`select from mesoscope.task where ${stillMine(1)}`, [...mine(task)]);
  return rows.length === 1;
}

/** Whether this very attempt ended the task: the answer to it may have been lost with a connection. */
export async function taskEndedByThis(queries: Queries, { id, attempts }: BegunTask): Promise<boolean> {
  const rows = await queries.query(
    "select from mesoscope.task where id = $1 and attempts = $2 and status in ('done', 'failed')",
    [id, attempts],
  );
  return rows.length === 1;
}
