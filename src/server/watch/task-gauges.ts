/** What the database knows of tasks (parts of data sets, runs of sweeps): any server tells the same. */
import { Gauge, type Registry } from 'prom-client';
import type { Database } from '../database/database.ts';
import type { TaskStatus } from '../database/tasks.ts';
import { type TaskKind, taskKinds } from '../jobs/queue.ts';

const statuses: readonly TaskStatus[] = ['queued', 'running', 'done', 'failed'];

const tasks = `select kind, status, count(*)::int as tasks,
    coalesce(extract(epoch from now() - min(created_at) filter (
      where status = 'queued' and (not_before is null or not_before <= now()))), 0)::float8 as seconds
  from mesoscope.task group by kind, status`;

export class TaskGauges {
  readonly #tasks: Gauge<'kind' | 'status'>;
  readonly #oldest: Gauge<'kind'>;

  constructor(registry: Registry) {
    const registers = [registry];
    this.#tasks = new Gauge({
      name: 'mesoscope_tasks',
      help: 'Parts of data sets and runs of sweeps by status.',
      labelNames: ['kind', 'status'],
      registers,
    });
    this.#oldest = new Gauge({
      name: 'mesoscope_task_queue_oldest_seconds',
      help: 'Time since the oldest task was sent that waits for nothing but its turn; 0 where none does.',
      labelNames: ['kind'],
      registers,
    });
  }

  /** Numbers that nobody knows are not told. */
  clear(): void {
    this.#tasks.reset();
    this.#oldest.reset();
  }

  async read(database: Database): Promise<void> {
    const rows = await database.query<{ kind: TaskKind; status: TaskStatus; tasks: number; seconds: number }>(
      tasks,
    );
    for (const kind of taskKinds) {
      for (const status of statuses) {
        const found = rows.find((row) => row.kind === kind && row.status === status);
        this.#tasks.set({ kind, status }, found?.tasks ?? 0);
        if (status === 'queued') this.#oldest.set({ kind }, found?.seconds ?? 0);
      }
    }
  }
}
