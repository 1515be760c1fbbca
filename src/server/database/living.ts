/**
 * Which servers and workers live. Each holds a lock that goes with its connection, and says every few seconds that it
 * is there. A killed process loses the lock; a frozen machine or a cut cable keeps it and falls silent.
 */
import { hostname } from 'node:os';
import type { Database } from './database.ts';

/** How often each says that it lives, ms. */
export const beatEvery = 2_000;
/** Silent for so long and without its lock: dead, s. A restarted database gives everyone this long to come back. */
const graceWithoutLock = 6;
/** Silent for so long: dead, whatever it holds, s. */
export const silentFor = 30;

/** What people call the kinds of work: a clip is scanned, a part of a data set prepared, a run of a sweep trained. */
export const workKinds = ['scan', 'prepare', 'train'] as const;
export type WorkKind = (typeof workKinds)[number];

export interface Living {
  /** For people: which machine and process. */
  name: string;
  /** Analyses at a time. */
  slots: number;
  kinds: readonly WorkKind[];
}

export function processName(what: string): string {
  return `${what} on ${hostname()}, process ${process.pid}`;
}

/** @returns the number that it is known by, and that its clips carry. */
export async function register(database: Database, { name, slots, kinds }: Living): Promise<number> {
  const [{ key }] = await database.query<{ key: number }>(
    'insert into mesoscope.server (name, slots, kinds) values ($1, $2, $3) returning key',
    [name, slots, [...kinds]],
  );
  await database.holdMark(key);
  return key;
}

/** @returns false where others have taken this one for dead: its clips are no longer its own. */
export async function beat(database: Database, key: number): Promise<boolean> {
  const rows = await database.query(
    'update mesoscope.server set seen_at = now() where key = $1 returning key',
    [key],
  );
  return rows.length === 1;
}

export async function leave(database: Database, key: number): Promise<void> {
  await database.query('delete from mesoscope.server where key = $1', [key]);
}

/** Whether anybody is there to do such work. */
export async function hasWorker(database: Database, kind: WorkKind): Promise<boolean> {
  const rows = await database.query(
    'select from mesoscope.server where slots > 0 and $1 = any(kinds) limit 1',
    [kind],
  );
  return rows.length > 0;
}

/**
 * Servers that hold clips, or are listed, and live no more. Their rows are gone when this returns, so that one that only
 * seemed dead learns of it at its next beat.
 */
export async function buryDead(database: Database, own: number): Promise<number[]> {
  const embedded = database.kind === 'embedded';
  // Nobody could say that it lives while the database was down.
  const silence = embedded ? "interval '1 day'" : 'now() - greatest(s.seen_at, pg_postmaster_start_time())';
  const candidates = await database.query<{ key: number; silent: number | null }>(
    `select k.key, case when s.key is not null then extract(epoch from ${silence})::float8 end as silent
     from (select key from mesoscope.server
       union select distinct server from mesoscope.clip where server is not null
       union select distinct server from mesoscope.task where server is not null) k
     left join mesoscope.server s on s.key = k.key where k.key <> $1`,
    [own],
  );
  const dead: number[] = [];
  for (const { key, silent } of candidates) {
    const isDead =
      silent === null || silent > silentFor || (silent > graceWithoutLock && !(await database.isAlive(key)));
    if (isDead) dead.push(key);
  }
  if (dead.length > 0) {
    await database.query('delete from mesoscope.server where key = any($1::int[])', [dead]);
  }
  return dead;
}
