/** What people want to know of the work: who does it, how much waits, and how each task stands. */
import type { ClipStatus } from '../api.ts';
import type { Queries } from './database.ts';
import type { WorkKind } from './living.ts';
import { workKinds } from './living.ts';
import type { TaskState, TaskStatus } from './tasks.ts';

export interface ProcessRow {
  name: string;
  slots: number;
  kinds: WorkKind[];
  started_at: Date;
  /** Of its slots. */
  busy: number;
}

export function listProcesses(queries: Queries): Promise<ProcessRow[]> {
  return queries.query<ProcessRow>(
    `select name, slots, kinds, started_at,
       ((select count(*) from mesoscope.clip c where c.server = s.key and c.status = 'running')
         + (select count(*) from mesoscope.task t where t.server = s.key))::int as busy
     from mesoscope.server s where slots > 0 order by name, key`,
  );
}

export type Counts = Record<WorkKind, Record<TaskStatus, number>>;

const asTask: Record<ClipStatus, TaskStatus> = {
  ...{ fetching: 'queued', queued: 'queued', running: 'running' },
  ...{ done: 'done', failed: 'failed', cancelled: 'failed' },
};

/** By kind and status; a clip that is fetched or cancelled counts as one that waits or failed. */
export async function countWork(queries: Queries): Promise<Counts> {
  const none = () => ({ queued: 0, running: 0, done: 0, failed: 0 });
  const counts = Object.fromEntries(workKinds.map((kind) => [kind, none()])) as Counts;
  const clips = await queries.query<{ status: ClipStatus; n: number }>(
    'select status, count(*)::int as n from mesoscope.clip group by status',
  );
  for (const { status, n } of clips) counts.scan[asTask[status]] += n;
  const tasks = await queries.query<{ kind: 'prepare' | 'train'; status: TaskStatus; n: number }>(
    'select kind, status, count(*)::int as n from mesoscope.task group by kind, status',
  );
  for (const { kind, status, n } of tasks) counts[kind][status] += n;
  return counts;
}

export interface ListedTask
  extends Omit<TaskState, 'key' | 'turn' | 'job' | 'lost' | 'result' | 'checkpoint'> {
  number: number;
  /** Who sent it. */
  client: string;
  /** That another try would go on from. */
  step: number | null;
  created_at: Date;
  started_at: Date | null;
  finished_at: Date | null;
  /** Which process has it; null where none has. */
  process: string | null;
}

/** Newest first, one more than asked for where there are more. */
export function listTasks(
  queries: Queries,
  { status, before, limit }: { status?: TaskStatus | undefined; before?: number | undefined; limit: number },
): Promise<ListedTask[]> {
  return queries.query<ListedTask>(
    `select t.id, t.number::float8 as number, t.kind, t.name, t.client, t.priority, t.status, t.attempts, t.progress,
       (t.checkpoint ->> 'step')::float8 as step, t.error, t.created_at, t.started_at, t.finished_at, s.name as process
     from mesoscope.task t left join mesoscope.server s on s.key = t.server
     where ($1::text is null or t.status = $1) and ($2::float8 is null or t.number < $2)
     order by t.number desc limit $3`,
    [status ?? null, before ?? null, limit + 1],
  );
}
