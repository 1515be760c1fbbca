/** Whether a database answers now: what health checks and metrics ask, which do not wait for long. */
import { setTimeout } from 'node:timers/promises';
import type { Queries } from './database.ts';

/** A cut cable tells nobody; those who ask give up after some seconds themselves, ms. */
const answersWithin = 2_000;

/** Never throws. */
export async function pulse(database: Queries, within = answersWithin): Promise<boolean> {
  const stop = new AbortController();
  const late = setTimeout(within, false, { signal: stop.signal }).catch(() => false);
  const answers = database.query('select 1').then(
    () => true,
    () => false,
  );
  try {
    return await Promise.race([answers, late]);
  } finally {
    stop.abort();
  }
}
