/** The database's shape and its steps, on both kinds. */
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import type { Database } from '../../src/server/database/database.ts';
import { openEmbedded } from '../../src/server/database/embedded.ts';
import { migrate } from '../../src/server/database/migrate.ts';
import { migrations } from '../../src/server/database/migrations.ts';
import { openPostgres, withoutSecrets } from '../../src/server/database/postgres.ts';
import { takeTurn } from '../../src/server/database/turns.ts';
import { Queue } from '../../src/server/jobs/queue.ts';
import { havePostgres, noPostgresReason, withPostgres } from '../postgres.ts';
import { prepareDatabase, testServers } from '../server.ts';

const { folder } = testServers();
const freshDatabase = withPostgres();
const open: Database[] = [];
afterEach(async () => {
  for (const database of open.splice(0)) await database.close();
});

describe.each([
  { kind: 'embedded', runs: true, reason: '' },
  { kind: 'server', runs: havePostgres, reason: noPostgresReason },
])('the $kind database$reason', ({ kind, runs }) => {
  const fresh = async () => {
    const path = join(await folder(), 'database');
    if (kind === 'embedded') await prepareDatabase(path);
    const database = await (kind === 'embedded' ? openEmbedded(path) : openPostgres(freshDatabase()));
    open.push(database);
    return database;
  };

  test.skipIf(!runs)('migrates once, all or nothing, and refuses what is newer', async () => {
    const database = await fresh();
    const numbers = migrations.map(({ number }) => number);
    expect(numbers).toEqual([...new Set(numbers)].sort((a, b) => a - b));
    expect(await migrate(database)).toEqual(numbers);
    expect(await migrate(database)).toEqual([]);
    const next = Math.max(...numbers) + 1;
    const broken = [
      ...migrations,
      { number: next, name: 'half', sql: 'create table mesoscope.half (a int); select nonsense;' },
    ];
    await expect(migrate(database, broken)).rejects.toThrow(/nonsense/);
    await expect(database.query('select * from mesoscope.half')).rejects.toThrow(/half/);
    expect(
      await migrate(database, [...migrations, { number: next, name: 'more', sql: 'select 1;' }]),
    ).toEqual([next]);
    await expect(migrate(database)).rejects.toMatchObject({ code: 'DATABASE_NEWER' });
  });

  test.skipIf(!runs)('senders keep their turns when queues get turns of their own', async () => {
    const database = await fresh();
    await migrate(
      database,
      migrations.filter(({ number }) => number <= 2),
    );
    await database.script(
      "insert into mesoscope.client (name, priority, turn) values ('desk', 0, 41); insert into mesoscope.server default values;",
    );
    await migrate(database);
    const desk = { client: 'desk', priority: 0 };
    expect(await takeTurn(database, desk)).toBe(42);
    expect([await takeTurn(database, desk, 'prepare'), await takeTurn(database, desk, 'prepare')]).toEqual([
      0, 1,
    ]);
    expect(await takeTurn(database, { ...desk, client: 'new' }, 'train')).toBe(0);
    expect(await takeTurn(database, desk)).toBe(43);
    expect(await database.query('select kinds from mesoscope.server')).toEqual([{ kinds: ['scan'] }]);
  });

  test.skipIf(!runs)('a transaction that throws leaves nothing, and the next one works', async () => {
    const database = await fresh();
    await database.script('create table t (a int); insert into t values (1);');
    const thrown = database.transaction(async (queries) => {
      await queries.query('insert into t values ($1)', [2]);
      throw new Error('on purpose');
    });
    await expect(thrown).rejects.toThrow('on purpose');
    const failed = database.transaction(async (queries) => {
      await queries.query('insert into t values ($1)', [3]);
      await queries.query('select wrong');
    });
    await expect(failed).rejects.toThrow(/wrong/);
    await database.flush();
    expect(await database.query('select a from t')).toEqual([{ a: 1 }]);
  });
});

test.skipIf(!havePostgres)(`a mark is there while its connection is${noPostgresReason}`, async () => {
  const url = freshDatabase();
  const [one, other] = [await openPostgres(url), await openPostgres(url)];
  open.push(other);
  await one.holdMark(7);
  expect([await other.isAlive(7), await other.isAlive(8)]).toEqual([true, false]);
  await one.close();
  expect(await other.isAlive(7)).toBe(false);
});

test.skipIf(!havePostgres)(
  `servers and workers that start together on a fresh database make its queues once${noPostgresReason}`,
  async () => {
    const address = freshDatabase();
    const databases = await Promise.all(Array.from({ length: 6 }, () => openPostgres(address)));
    open.push(...databases);
    const told: Error[] = [];
    const queues = await Promise.all(
      databases.map(async (database) => {
        await migrate(database);
        return Queue.open(database, (error) => told.push(error));
      }),
    );
    const [{ n }] = await databases[0].query<{ n: number }>('select count(*)::int as n from pgboss.queue');
    for (const queue of queues) await queue.close();
    expect([n, told]).toEqual([4, []]);
  },
);

test('an address is told without its password', async () => {
  const url = 'postgres://user:secret@127.0.0.1:1/db';
  expect(withoutSecrets(url)).toBe('postgres://127.0.0.1:1/db');
  const refused = await openPostgres(url).catch((error) => error);
  expect(refused.code).toBe('DATABASE_UNREACHABLE');
  expect(refused.message).not.toContain('secret');
});
