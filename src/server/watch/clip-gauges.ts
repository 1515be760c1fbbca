/** What the database knows of the queue and of who works at it: any server tells the same. */
import { Gauge, type Registry } from 'prom-client';
import type { Database, Queries } from '../database/database.ts';
import { silentFor } from '../database/living.ts';
import { type PriorityName, priorities } from '../database/turns.ts';
import { type ClipQueue, clipQueues } from '../jobs/queue.ts';

/** Waits for nothing but its turn: one whose next try is put off is no reason for another worker. */
const mayBegin = '(not_before is null or not_before <= now())';

/**
 * Seconds since the oldest clip was sent that waits to be analysed; 0 where none does. deploy/kubernetes.yaml scales by
 * it, in these very words.
 */
export const oldestWaiting = `select coalesce(extract(epoch from now() - min(created_at)), 0)::float8 as seconds
from mesoscope.clip where status = 'queued' and ${mayBegin}`;

const waiting = `select status, priority, count(*)::int as clips,
    coalesce(extract(epoch from now() - min(created_at) filter (where ${mayBegin})), 0)::float8 as seconds
  from mesoscope.clip where status in ('fetching', 'queued') and server is null group by status, priority`;

export class ClipGauges {
  readonly #clips: Gauge<'status'>;
  readonly #waiting: Gauge<'queue' | 'priority'>;
  readonly #oldest: Gauge<'queue' | 'priority'>;
  readonly #workers: Gauge;
  readonly #slots: Gauge;

  constructor(registry: Registry) {
    const registers = [registry];
    this.#clips = new Gauge({
      name: 'mesoscope_clips',
      help: 'Clips by status.',
      labelNames: ['status'],
      registers,
    });
    this.#waiting = new Gauge({
      name: 'mesoscope_queue_clips',
      help: 'Clips that wait, with those whose next try is put off.',
      labelNames: ['queue', 'priority'],
      registers,
    });
    this.#oldest = new Gauge({
      name: 'mesoscope_queue_oldest_seconds',
      help: 'Time since the oldest clip was sent that waits for nothing but its turn; 0 where none does.',
      labelNames: ['queue', 'priority'],
      registers,
    });
    this.#workers = new Gauge({
      name: 'mesoscope_workers',
      help: 'Live processes that analyse: workers, and servers with slots.',
      registers,
    });
    this.#slots = new Gauge({
      name: 'mesoscope_worker_slots',
      help: 'Analyses that all of them can do at a time.',
      registers,
    });
  }

  /** Numbers that nobody knows are not told. */
  clear(): void {
    for (const gauge of [this.#clips, this.#waiting, this.#oldest]) gauge.reset();
    // Without labels a gauge that is reset says 0, which would be a claim.
    for (const gauge of [this.#workers, this.#slots]) gauge.remove({});
  }

  async read(database: Database): Promise<void> {
    const [clips, waits, [living]] = await Promise.all([
      database.query<{ status: string; count: number }>(
        'select status, count(*)::int as count from mesoscope.clip group by status',
      ),
      database.query<{ status: string; priority: number; clips: number; seconds: number }>(waiting),
      readWorkers(database, database.kind),
    ]);
    this.#clips.reset();
    for (const { status, count } of clips) this.#clips.set({ status }, count);
    for (const queue of clipQueues) {
      for (const [priority, rank] of Object.entries(priorities) as [PriorityName, number][]) {
        const found = waits.find((row) => queueOf(row.status) === queue && row.priority === rank);
        this.#waiting.set({ queue, priority }, found?.clips ?? 0);
        this.#oldest.set({ queue, priority }, found?.seconds ?? 0);
      }
    }
    this.#workers.set(living.workers);
    this.#slots.set(living.slots);
  }
}

const queueOf = (status: string): ClipQueue => (status === 'fetching' ? 'fetch' : 'analyse');

function readWorkers(queries: Queries, kind: Database['kind']) {
  // With the embedded database there is one process, and it need not say that it lives.
  const lives = kind === 'embedded' ? 'true' : `seen_at > now() - make_interval(secs => ${silentFor})`;
  return queries.query<{ workers: number; slots: number }>(
    `select count(*)::int as workers, coalesce(sum(slots), 0)::int as slots from mesoscope.server
     where slots > 0 and ${lives}`,
  );
}
