/**
 * Jobs in PostgreSQL, by pg-boss. A job is a ticket to begin a clip's next step; the clip's row is the truth. So a job
 * is made, taken and removed in the same transaction as the row changes, and none outlives its step: nothing is
 * retried, archived or expired by pg-boss itself.
 */
import PgBoss from 'pg-boss';
import type { Database, Queries } from '../database/database.ts';
import { forBoss, newsChannel } from '../database/database.ts';

/** `fetch`: get a clip from its address. `analyse`: scan it. */
export const queues = ['fetch', 'analyse'] as const;
export type QueueName = (typeof queues)[number];

/** Longest that pg-boss lets a job be active; the server's own time limit comes first. */
const expireInHours = 23;
/** A job that waits longer would be dropped by pg-boss. Clips are taken up again at the next start. */
const retentionDays = 365;

export class Queue {
  readonly #boss: PgBoss;

  private constructor(boss: PgBoss) {
    this.#boss = boss;
  }

  static async open(database: Database, onError: (error: Error) => void): Promise<Queue> {
    const boss = new PgBoss({ db: forBoss(database) as PgBoss.Db, schema: 'pgboss', schedule: false });
    boss.on('error', onError);
    await boss.start();
    for (const name of queues) {
      await boss.createQueue(name, { name, policy: 'standard', retryLimit: 0 });
    }
    return new Queue(boss);
  }

  /** @param rank highest first; see turns.ts @param seconds before it may be taken @returns the job's id. */
  async add(
    queries: Queries,
    name: QueueName,
    clip: string,
    { rank, seconds = 0 }: { rank: number; seconds?: number },
  ): Promise<string> {
    const id = await this.#boss.send(
      name,
      { clip },
      {
        db: forBoss(queries) as PgBoss.Db,
        priority: rank,
        retryLimit: 0,
        expireInHours,
        retentionDays,
        ...(seconds > 0 ? { startAfter: seconds } : {}),
      },
    );
    if (id === null) throw new Error(`pg-boss took no job for clip ${clip}`);
    if (seconds === 0) await queries.query('select pg_notify($1, $2)', [newsChannel, name]);
    return id;
  }

  /** The next job, now active; undefined where none waits. */
  async take(queries: Queries, name: QueueName): Promise<{ job: string; clip: string } | undefined> {
    const [job] = await this.#boss.fetch<{ clip: string }>(name, {
      batchSize: 1,
      db: forBoss(queries) as PgBoss.Db,
    });
    return job && { job: job.id, clip: job.data.clip };
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

  async close(): Promise<void> {
    await this.#boss.stop({ graceful: false, wait: true, timeout: 2_000 });
  }
}
