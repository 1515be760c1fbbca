/**
 * Jobs in PostgreSQL, by pg-boss. A job is a ticket to begin the next step of a clip, or a task; their row is the truth.
 * So a job is made, taken and removed in the same transaction as the row changes, and none outlives its step: nothing is
 * retried, archived or expired by pg-boss itself.
 */
import PgBoss from 'pg-boss';
import type { Database, Queries } from '../database/database.ts';
import { forBoss, newsChannel } from '../database/database.ts';

/** `fetch`: get a clip from its address. `analyse`: scan it. */
export const clipQueues = ['fetch', 'analyse'] as const;
export type ClipQueue = (typeof clipQueues)[number];

/** `prepare`: make a part of a data set. `train`: train a run of a sweep. */
export const taskKinds = ['prepare', 'train'] as const;
export type TaskKind = (typeof taskKinds)[number];

export type QueueName = ClipQueue | TaskKind;

/** What a ticket is for: the id of a clip, which is how tickets of earlier versions call it, or of a task. */
interface Ticket {
  clip?: string;
  task?: string;
}

const isTask = (name: QueueName): name is TaskKind => (taskKinds as readonly string[]).includes(name);

/** Longest that pg-boss lets a job be active; the server's own time limit comes first. */
const expireInHours = 23;
/** A job that waits longer would be dropped by pg-boss. Clips are taken up again at the next start. */
const retentionDays = 365;

/** Two processes that start together on one database must not both make its queues: they would wait for each other's tables. */
const lock = 0x4d45_5351;

async function makeQueues(boss: PgBoss): Promise<void> {
  await boss.start();
  const there = new Set((await boss.getQueues()).map(({ name }) => name));
  for (const name of [...clipQueues, ...taskKinds]) {
    if (!there.has(name)) await boss.createQueue(name, { name, policy: 'standard', retryLimit: 0 });
  }
}

export class Queue {
  readonly #boss: PgBoss;

  private constructor(boss: PgBoss) {
    this.#boss = boss;
  }

  static async open(database: Database, onError: (error: Error) => void): Promise<Queue> {
    const boss = new PgBoss({ db: forBoss(database) as PgBoss.Db, schema: 'pgboss', schedule: false });
    boss.on('error', onError);
    // The embedded database has one connection, which a transaction would hold, and one process, which is alone.
    if (database.kind === 'embedded') await makeQueues(boss);
    else {
      await database.transaction(async (queries) => {
        await queries.query('select pg_advisory_xact_lock($1)', [lock]);
        await makeQueues(boss);
      });
    }
    return new Queue(boss);
  }

  /** @param rank highest first; see turns.ts @param seconds before it may be taken @returns the job's id. */
  async add(
    queries: Queries,
    name: QueueName,
    id: string,
    { rank, seconds = 0 }: { rank: number; seconds?: number },
  ): Promise<string> {
    const job = await this.#boss.send(name, (isTask(name) ? { task: id } : { clip: id }) satisfies Ticket, {
      db: forBoss(queries) as PgBoss.Db,
      priority: rank,
      retryLimit: 0,
      expireInHours,
      retentionDays,
      ...(seconds > 0 ? { startAfter: seconds } : {}),
    });
    if (job === null) throw new Error(`pg-boss took no job for ${name} ${id}`);
    if (seconds === 0) await queries.query('select pg_notify($1, $2)', [newsChannel, name]);
    return job;
  }

  /** The next job, now active; undefined where none waits. */
  async take(queries: Queries, name: QueueName): Promise<{ job: string; id: string } | undefined> {
    const [job] = await this.#boss.fetch<Ticket>(name, {
      batchSize: 1,
      db: forBoss(queries) as PgBoss.Db,
    });
    return job && { job: job.id, id: (job.data.clip ?? job.data.task) as string };
  }

  async remove(queries: Queries, name: QueueName, job: string): Promise<void> {
    await this.#boss.deleteJob(name, job, { db: forBoss(queries) as PgBoss.Db });
  }

  /** Clips that wait without a job. */
  async missing(queries: Queries): Promise<string[]> {
    const rows = await queries.query<{ id: string }>(
      `select c.id from mesoscope.clip c
       where c.server is null and c.status in ('fetching', 'queued') and not exists (
         select from pgboss.job j where j.id = c.job and j.state in ('created', 'retry', 'active')
           and j.name = case c.status when 'fetching' then 'fetch' else 'analyse' end)
       order by c.number`,
    );
    return rows.map(({ id }) => id);
  }

  /** Tasks that wait without a job. */
  async missingTasks(queries: Queries): Promise<string[]> {
    const rows = await queries.query<{ id: string }>(
      `select t.id from mesoscope.task t
       where t.server is null and t.status = 'queued' and not exists (
         select from pgboss.job j where j.id = t.job and j.name = t.kind and j.state in ('created', 'retry', 'active'))
       order by t.number`,
    );
    return rows.map(({ id }) => id);
  }

  async close(): Promise<void> {
    await this.#boss.stop({ graceful: false, wait: true, timeout: 2_000 });
  }
}
