/** The end of a step, written whatever happens to the database meanwhile: an analysis took minutes, waiting costs none. */
import { setTimeout } from 'node:timers/promises';
import type { Database } from '../database/database.ts';
import { isLost } from '../database/lost.ts';
import { type Begun, type Ending, endedByThis, finish } from '../database/steps.ts';
import type { Queue } from './queue.ts';

const tryAgainAfter = 1_000;

/** @returns as {@link finish}. Throws what is no lost connection, and the lost one after an abort. */
export async function finishSurely(
  database: Database,
  queue: Queue,
  clip: Begun,
  ending: Ending,
  signal: AbortSignal,
): Promise<boolean> {
  const { value: kept, lost } = await untilAnswered(() => finish(database, queue, clip, ending), signal);
  // Committed before, and the word of it was lost.
  return kept || (lost && (await endedByThis(database, clip)));
}

/** @returns the answer, and whether one before it may have been lost on its way. Throws as {@link finishSurely}. */
export async function untilAnswered<T>(
  ask: () => Promise<T>,
  signal: AbortSignal,
): Promise<{ value: T; lost: boolean }> {
  for (let lost = false; ; lost = true) {
    try {
      return { value: await ask(), lost };
    } catch (error) {
      if (!isLost(error) || signal.aborted) throw error;
      await setTimeout(tryAgainAfter, undefined, { signal }).catch(() => undefined);
    }
  }
}
