/** Brings the database to this version's shape, in one transaction: all steps or none. */
import { errors } from '../../base/errors.ts';
import type { Database } from './database.ts';
import { migrations as known, type Migration } from './migrations.ts';

/** Two servers that start together on one database must not both migrate it. */
const lock = 0x4d45_534f;

/** @returns the numbers of the steps that were applied. @throws DATABASE_NEWER */
export function migrate(database: Database, migrations: readonly Migration[] = known): Promise<number[]> {
  return database.transaction(async (queries) => {
    await queries.query('select pg_advisory_xact_lock($1)', [lock]);
    await queries.script(`
create schema if not exists mesoscope;
create table if not exists mesoscope.migration (
  number int primary key,
  name text not null,
  applied_at timestamptz not null default now()
);`);
    const rows = await queries.query<{ number: number }>('select number from mesoscope.migration');
    const done = new Set(rows.map(({ number }) => number));
    const [newest, found] = [Math.max(...migrations.map(({ number }) => number)), Math.max(0, ...done)];
    if (found > newest) throw errors.DATABASE_NEWER(found, newest);
    const applied: number[] = [];
    for (const { number, name, sql } of migrations) {
      if (done.has(number)) continue;
      await queries.script(sql);
      await queries.query('insert into mesoscope.migration (number, name) values ($1, $2)', [number, name]);
      applied.push(number);
    }
    return applied;
  });
}
