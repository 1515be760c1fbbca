/** Finds what nobody works at any more: clips and tasks of dead servers and workers, and those without a ticket. */
import { errors, type UserError } from '../../base/errors.ts';
import type { Changes } from '../changes.ts';
import type { Database } from '../database/database.ts';
import { buryDead } from '../database/living.ts';
import { type Begun, putBack } from '../database/steps.ts';
import { type BegunTask, putBackTask } from '../database/task-steps.ts';
import { rankOf } from '../database/turns.ts';
import type { Failure } from '../failure.ts';
import type { Storage } from '../storage/storage.ts';
import { type Log, taskTryOf, tryOf } from '../watch/log.ts';
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

type GiveUp = (error: UserError, attempts: number) => Failure | undefined;

/** The first time it was likely chance; what takes its server down each time must not do so at once again. */
const waitAfter = (attempts: number) => (attempts > 1 ? backOff(attempts - 1) : 0);

/** @returns how many clips and tasks wait again. */
export async function takeUpFromTheDead(parts: PatrolParts, own: number, giveUp: GiveUp): Promise<number> {
  const dead = await buryDead(parts.database, own);
  if (dead.length === 0) return 0;
  return (await takeUpClips(parts, dead, giveUp)) + (await takeUpTasks(parts, dead, giveUp));
}

async function takeUpClips(
  { database, queue, storage, changes, log }: PatrolParts,
  dead: readonly number[],
  giveUp: GiveUp,
): Promise<number> {
  const left = await database.query<Left>(
    `select id, server, attempts, status, job, name, priority, turn::float8 as turn, trace from mesoscope.clip
     where server = any($1::int[]) order by number`,
    [dead],
  );
  let again = 0;
  for (const clip of left) {
    const seconds = waitAfter(clip.attempts);
    const failure = giveUp(errors.ANALYSIS_GIVEN_UP(clip.name, clip.attempts), clip.attempts);
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

type LeftTask = Pick<BegunTask, 'id' | 'kind' | 'name' | 'server' | 'attempts' | 'job' | 'priority' | 'turn'>;

async function takeUpTasks(
  { database, queue, storage, log }: PatrolParts,
  dead: readonly number[],
  giveUp: GiveUp,
): Promise<number> {
  const left = await database.query<LeftTask>(
    `select id, kind, name, server, attempts, job, priority, turn::float8 as turn from mesoscope.task
     where server = any($1::int[]) order by number`,
    [dead],
  );
  let again = 0;
  for (const task of left) {
    const seconds = waitAfter(task.attempts);
    const failure = giveUp(errors.TASK_GIVEN_UP(task.name, task.attempts), task.attempts);
    const { how, orphans } = await putBackTask(database, queue, task, {
      ...{ why: 'failed', seconds },
      giveUp: () => failure,
    });
    if (how === 'not ours') continue;
    if (how === 'again') {
      again++;
      log.tell('task taken from the dead', { ...taskTryOf(task), waitSeconds: seconds });
    } else {
      log.tell('task given up', { ...taskTryOf(task), code: failure?.code ?? '' });
    }
    try {
      for (const media of orphans) await storage.removeMedia(media);
      await storage.removeTaskAttempt(task.id, task.attempts);
      if (how === 'ended') await storage.removeCheckpoints(task.id);
    } catch {
      log.tell('task left behind', taskTryOf(task));
    }
  }
  return again;
}

/** What waits without a ticket would wait for ever: whatever took the ticket, it gets another. */
export async function mendTickets({ database, queue }: PatrolParts): Promise<void> {
  for (const id of await queue.missingTasks(database)) {
    await database.transaction(async (queries) => {
      const [task] = await queries.query<Pick<LeftTask, 'kind' | 'priority' | 'turn'>>(
        `select kind, priority, turn::float8 as turn from mesoscope.task
         where id = $1 and server is null and status = 'queued' for update`,
        [id],
      );
      if (!task) return;
      const fresh = await queue.add(queries, task.kind, id, { rank: rankOf(task) });
      await queries.query('update mesoscope.task set job = $1 where id = $2', [fresh, id]);
    });
  }
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
