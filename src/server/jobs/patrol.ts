/** Finds what nobody works at any more: clips of dead servers and workers, and clips without a ticket. */
import type { Changes } from '../changes.ts';
import type { Database } from '../database/database.ts';
import { buryDead } from '../database/living.ts';
import { type Begun, putBack } from '../database/steps.ts';
import { rankOf } from '../database/turns.ts';
import type { Failure } from '../failure.ts';
import type { Storage } from '../storage/storage.ts';
import { type Log, tryOf } from '../watch/log.ts';
import type { Queue } from './queue.ts';
import { backOff } from './retry.ts';

export interface PatrolParts {
  database: Database;
  queue: Queue;
  storage: Storage;
  changes: Changes;
  log: Log;
}

type Left = Pick<
  Begun,
  'id' | 'server' | 'attempts' | 'status' | 'job' | 'name' | 'priority' | 'turn' | 'trace'
>;

/** @returns how many clips wait again. */
export async function takeUpFromTheDead(
  { database, queue, storage, changes, log }: PatrolParts,
  own: number,
  giveUp: (name: string, attempts: number) => Failure | undefined,
): Promise<number> {
  const dead = await buryDead(database, own);
  if (dead.length === 0) return 0;
  const left = await database.query<Left>(
    `select id, server, attempts, status, job, name, priority, turn::float8 as turn, trace from mesoscope.clip
     where server = any($1::int[]) order by number`,
    [dead],
  );
  let again = 0;
  for (const clip of left) {
    // The first time it was likely chance; a clip that takes its server down each time must not do so at once again.
    const seconds = clip.attempts > 1 ? backOff(clip.attempts - 1) : 0;
    const failure = giveUp(clip.name, clip.attempts);
    const how = await putBack(database, queue, clip, { why: 'failed', seconds, giveUp: () => failure });
    if (how === 'not ours') continue;
    if (how === 'again') {
      again++;
      log.tell('taken from the dead', { ...tryOf(clip), waitSeconds: seconds });
    } else {
      log.tell('given up', { ...tryOf(clip), code: failure?.code ?? '' });
    }
    changes.changed(clip.id);
    await storage.removeAttempt(clip.id, clip.attempts).catch(() => log.tell('left behind', tryOf(clip)));
  }
  return again;
}

/** A clip that waits without a ticket would wait for ever: whatever took the ticket, it gets another. */
export async function mendTickets({ database, queue }: PatrolParts): Promise<void> {
  for (const id of await queue.missing(database)) {
    await database.transaction(async (queries) => {
      const [clip] = await queries.query<{ status: string; priority: number; turn: number }>(
        `select status, priority, turn::float8 as turn from mesoscope.clip
         where id = $1 and server is null and status in ('fetching', 'queued') for update`,
        [id],
      );
      if (!clip) return;
      const name = clip.status === 'fetching' ? 'fetch' : 'analyse';
      const fresh = await queue.add(queries, name, id, { rank: rankOf(clip) });
      await queries.query('update mesoscope.clip set job = $1 where id = $2', [fresh, id]);
    });
  }
}
