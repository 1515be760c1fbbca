/** Removes tasks that ended long ago, with what they left in the store. What is asked for again is made anew. */
import { setInterval } from 'node:timers';
import { describe } from '../../base/errors.ts';
import type { ServerConfig } from '../config.ts';
import type { Database } from '../database/database.ts';
import type { Storage } from '../storage/storage.ts';
import type { Log } from '../watch/log.ts';

export interface RemovalParts {
  database: Database;
  storage: Storage;
  config: Pick<ServerConfig, 'taskDays'>;
  log: Log;
}

const atATime = 100;
const every = 3_600_000;

/**
 * The files first, until it is told to stop: a row without files is found out and made anew (`takeResult`), files without a row would stay.
 * @returns how many were removed
 */
export async function removeOldTasks(
  { database, storage, config, log }: RemovalParts,
  signal?: AbortSignal,
): Promise<number> {
  let removed = 0;
  while (!signal?.aborted) {
    const old = await database.query<{ id: string }>(
      `select id from mesoscope.task where status in ('done', 'failed')
         and finished_at < now() - make_interval(secs => $1::float8) order by finished_at limit ${atATime}`,
      [config.taskDays * 86_400],
    );
    const ids: string[] = [];
    for (const { id } of old) {
      if (signal?.aborted) break;
      await storage.removeTask(id);
      ids.push(id);
    }
    const gone = await database.query(
      "delete from mesoscope.task where id = any($1::uuid[]) and status in ('done', 'failed') returning id",
      [ids],
    );
    removed += gone.length;
    if (old.length < atATime) break;
  }
  if (removed > 0) log.tell('tasks removed', { tasks: removed });
  return removed;
}

/** Now and every hour, until it is told to stop. Where the store or the database is away, the next hour does it. */
export function keepRemovingOldTasks(parts: RemovalParts): () => Promise<void> {
  const stop = new AbortController();
  let going: Promise<void> | undefined;
  const remove = () => {
    going ??= removeOldTasks(parts, stop.signal)
      .then(
        () => undefined,
        (error) => parts.log.tell('sweep failed', { why: describe(error) }),
      )
      .finally(() => {
        going = undefined;
      });
  };
  remove();
  const timer = setInterval(remove, every);
  return async () => {
    clearInterval(timer);
    stop.abort();
    await going;
  };
}
