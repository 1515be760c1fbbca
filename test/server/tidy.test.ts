/** `mesoscope tidy` and the age of tasks: what nobody needs leaves a store, and nothing else does. */
import { randomUUID } from 'node:crypto';
import { openAsBlob, readdirSync, utimesSync, writeFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { makeConfig } from '../../src/server/config.ts';
import { addTask } from '../../src/server/database/task-steps.ts';
import { priorities } from '../../src/server/database/turns.ts';
import { removeOldTasks } from '../../src/server/tasks/remove-old.ts';
import { silent } from '../../src/server/watch/log.ts';
import { type Joined, joinQueue } from '../../src/server/work.ts';
import { withBucket } from '../bucket.ts';
import { command } from '../command.ts';
import { makeClip, temporaryFolder } from '../media-fixtures.ts';
import { havePostgres, noPostgresReason, withPostgres } from '../postgres.ts';
import { bucketName } from '../s3.ts';
import { testServers } from '../server.ts';

const { start } = testServers();
const made = temporaryFolder();
const freshDatabase = withPostgres();
const bucket = withBucket();
const open = new Set<Joined>();
afterEach(async () => {
  for (const joined of open) await joined.stop();
  open.clear();
});

async function joinStore(database: string, store: string): Promise<Joined> {
  const joined = await joinQueue(makeConfig({ database, store, disk: { leaveFreeMiB: 0 } }), 'sender');
  open.add(joined);
  return joined;
}

/** A task that ended so many days ago, on its second try, with a file. */
async function endedTask({ database, queue, storage }: Joined, key: string, status: string, days: number) {
  await database.transaction((queries) =>
    addTask(
      queries,
      queue,
      {
        ...{ kind: 'train', key, name: key, payload: {}, client: 'a', priority: priorities.normal },
      },
      [],
    ),
  );
  const [{ id }] = await database.query<{ id: string }>(
    `update mesoscope.task set status = $1, attempts = 2, job = null,
       finished_at = case when $1 in ('done', 'failed') then now() - make_interval(days => $2) end
     where key = $3 returning id`,
    [status, days, key],
  );
  await storage.store.put(`tasks/${id}/2/run.tar`, Buffer.from('run'));
  return id;
}

const ids = async ({ database }: Joined, table: string) =>
  (await database.query<{ id: string }>(`select id from mesoscope.${table}`)).map(({ id }) => id);

describe.skipIf(!havePostgres)(`what nobody needs${noPostgresReason}`, () => {
  test('leaves a bucket; what rows tell of stays', async () => {
    const [database, store] = [freshDatabase(), `s3://${bucketName}/tidy`];
    const { client } = await start({ database, store });
    const path = await makeClip(made('kept.mp4'), 12);
    const sent = await client.upload(await openAsBlob(path), { name: 'kept.mp4', sample: 'even:2' });
    const clip = await client.finished(sent.id);
    const joined = await joinStore(database, store);
    const run = await endedTask(joined, 'run', 'done', 0);
    const running = await endedTask(joined, 'running', 'queued', 0);
    const needed = [
      ...bucket().objects.keys(),
      `tidy/tasks/${running}/going-on/1-20.tar`,
      'tidy/media/notes.txt',
      'other/media/of-somebody-else',
    ];
    for (const key of needed.slice(-3)) bucket().objects.set(key, Buffer.from('stays'));
    const needless = [
      `media/${randomUUID()}`,
      `clips/${randomUUID()}/1/report.html`,
      `clips/${clip.id}/0/report.html`,
      `tasks/${randomUUID()}/1/run.tar`,
      `media/${randomUUID()}.part`,
      `tasks/${run}/1/run.tar`,
      `tasks/${run}/going-on/1-7.tar`,
    ];
    for (const key of needless) bucket().objects.set(`tidy/${key}`, Buffer.from('12345'));

    // Sent just now: its row may be about to come.
    const fresh = `media/${randomUUID()}`;
    await joined.storage.store.put(fresh, Buffer.from('fresh'));
    needed.push(`tidy/${fresh}`);

    const args = ['tidy', '--database', database, '--store', store];
    const counted = await command([...args, '--json']);
    const report = {
      looked: needed.length - 2 + needless.length,
      ...{ young: 1, strange: 1 },
      needless: {
        media: { files: 2, bytes: 10 },
        clips: { files: 2, bytes: 10 },
        tasks: { files: 3, bytes: 15 },
      },
    };
    expect(JSON.parse(counted.stdout)).toEqual(report);
    expect(bucket().objects.size).toBe(needed.length + needless.length);
    const removed = await command([...args, '--remove']);
    expect(removed.stdout).toContain('7 without a row, removed:');
    expect([...bucket().objects.keys()].sort()).toEqual(needed.sort());
    const after = (await command(args)).stdout;
    expect(after).toContain('none without a row');
    expect(after).toContain('1 changed within 24 hours');
  });

  test('leaves a folder once it is old enough', async () => {
    const [database, store] = [freshDatabase(), made('folder')];
    await joinStore(database, store);
    await mkdir(join(store, 'media'), { recursive: true });
    const [old, young] = [randomUUID(), randomUUID()];
    for (const id of [old, young]) writeFileSync(join(store, 'media', id), 'clip');
    const yesterday = Date.now() / 1000 - 86_401;
    utimesSync(join(store, 'media', old), yesterday, yesterday);
    const { stdout } = await command(['tidy', '--database', database, '--store', store, '--remove']);
    expect(stdout).toContain('1 changed within 24 hours');
    expect(readdirSync(join(store, 'media'))).toEqual([young]);
  });

  test('is not decided by a database that never had the store', async () => {
    const [database, store] = [freshDatabase(), made('mine')];
    await joinStore(database, store);
    await mkdir(join(store, 'media'), { recursive: true });
    const file = join(store, 'media', randomUUID());
    await writeFile(file, 'clip');
    utimesSync(file, 0, 0);
    const { code, stderr } = await command([
      ...['tidy', '--database', freshDatabase(), '--store', store, '--remove'],
    ]);
    expect(code).not.toBe(0);
    expect(stderr).toContain('DATA_FOLDER_DIFFERS');
    expect(readdirSync(join(store, 'media'))).toHaveLength(1);
  });

  test('old tasks go with their files; young ones and those that wait stay', async () => {
    const joined = await joinStore(freshDatabase(), made('aged'));
    for (let n = 0; n < 120; n++) await endedTask(joined, `old ${n}`, n % 2 ? 'done' : 'failed', 31);
    const stay = [
      await endedTask(joined, 'young', 'done', 29),
      await endedTask(joined, 'waits', 'queued', 99),
      await endedTask(joined, 'runs', 'running', 99),
    ];
    const { database, storage, config } = joined;
    expect(await removeOldTasks({ database, storage, config, log: silent })).toBe(120);
    expect((await ids(joined, 'task')).sort()).toEqual([...stay].sort());
    expect(readdirSync(join(made('aged'), 'tasks')).sort()).toEqual([...stay].sort());
  });
});
