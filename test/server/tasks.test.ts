/** Tasks in the queue: whose turn it is, one row a key, and whose the files are. What tasks do is in the tests beside. */
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { acceptFile, chooseScan } from '../../src/server/accept.ts';
import { makeConfig } from '../../src/server/config.ts';
import { deleteClip } from '../../src/server/database/clips.ts';
import { hasWorker } from '../../src/server/database/living.ts';
import { taskOfKey } from '../../src/server/database/tasks.ts';
import { priorities } from '../../src/server/database/turns.ts';
import { hashFile, sendTask } from '../../src/server/tasks/send.ts';
import { type Joined, joinQueue, type WorkOptions } from '../../src/server/work.ts';
import { temporaryFolder } from '../media-fixtures.ts';
import { havePostgres, noPostgresReason, withPostgres } from '../postgres.ts';
import { program, until } from '../server.ts';

const made = temporaryFolder();
const freshDatabase = withPostgres();
const open = new Set<Joined>();
afterEach(async () => {
  for (const joined of open) await joined.stop();
  open.clear();
});

async function queue(name: string) {
  const config = makeConfig({
    ...{ database: freshDatabase(), store: made(name), stopSeconds: 4, disk: { leaveFreeMiB: 0 } },
  });
  const join = async (what: 'sender' | 'worker', options: WorkOptions = {}) => {
    const joined = await joinQueue(config, what, { analysisScript: program('crash'), ...options });
    open.add(joined);
    return joined;
  };
  return { sender: await join('sender'), work: (options: WorkOptions = {}) => join('worker', options) };
}

/** One that no worker understands: it ends at once. */
const task = (name: string, client = 'a', priority: number = priorities.normal) => ({
  ...{ kind: 'prepare' as const, key: name, name, payload: {}, client, priority },
});

const file = (name: string, text = name) => {
  writeFileSync(made(name), text);
  return made(name);
};

const ended = ({ database }: Joined, count: number) =>
  until(
    async () => {
      const [{ n }] = await database.query<{ n: number }>(
        `select (select count(*) from mesoscope.clip where status = 'failed')::int
           + (select count(*) from mesoscope.task where status = 'failed')::int as n`,
      );
      return n === count;
    },
    'all end',
    150_000,
  );

describe.skipIf(!havePostgres)(`tasks${noPostgresReason}`, () => {
  test('kinds take turns for a slot, and within one the senders do, after higher priorities', async () => {
    const { sender, work } = await queue('turns');
    for (const name of ['c0', 'c1']) {
      await acceptFile(sender, file(name), { ...chooseScan(sender, { client: 'a' }), name });
    }
    for (const name of ['a0', 'a1', 'a2']) await sendTask(sender, task(name), []);
    await sendTask(sender, task('b0', 'b'), []);
    await sendTask(sender, task('urgent', 'a', priorities.high), []);
    expect(await hasWorker(sender.database, 'prepare')).toBe(false);
    await work();
    expect(await hasWorker(sender.database, 'prepare')).toBe(true);
    expect(await hasWorker(sender.database, 'train')).toBe(false);
    await ended(sender, 7);
    const rows = await sender.database.query<{ name: string }>(
      'select name, started_at from mesoscope.clip union all select name, started_at from mesoscope.task order by 2',
    );
    expect(rows.map(({ name }) => name)).toEqual(['c0', 'urgent', 'c1', 'a0', 'b0', 'a1', 'a2']);
    expect((await taskOfKey(sender.database, 'a0'))?.error).toMatchObject({ code: 'TASK_INVALID' });
  });

  test('a worker takes the kinds that it was told to', async () => {
    const { sender, work } = await queue('kinds');
    await acceptFile(sender, file('clip'), { ...chooseScan(sender, { client: 'a' }), name: 'clip' });
    await sendTask(sender, { ...task('run'), kind: 'train' }, []);
    await sendTask(sender, task('part'), []);
    await work({ kinds: ['train'] });
    await ended(sender, 1);
    expect((await taskOfKey(sender.database, 'run'))?.status).toBe('failed');
    expect((await taskOfKey(sender.database, 'part'))?.status).toBe('queued');
    expect(await sender.database.query('select status from mesoscope.clip')).toEqual([{ status: 'queued' }]);
  });

  test('of two senders of one key there is one task, and one copy of its file', async () => {
    const { sender } = await queue('twins');
    const files = [await hashFile(file('one', 'the same')), await hashFile(file('two', 'the same'))];
    await Promise.all([
      sendTask(sender, task('twin'), files),
      sendTask(sender, task('twin', 'b'), files),
      sendTask(sender, task('twin', 'c'), files),
    ]);
    expect(await sender.database.query('select name from mesoscope.task')).toEqual([{ name: 'twin' }]);
    expect(await sender.database.query('select bytes::int from mesoscope.media')).toEqual([{ bytes: 8 }]);
    expect(readdirSync(join(made('twins'), 'media'))).toHaveLength(1);
  });

  test('a file goes with the last clip or task that needs it', async () => {
    const { sender, work } = await queue('held');
    const path = file('held.mp4');
    const held = () => readdirSync(join(made('held'), 'media')).length;
    const id = await acceptFile(sender, path, { ...chooseScan(sender, { client: 'a' }), name: 'held' });
    await sendTask(sender, task('first'), [await hashFile(path)]);
    expect(held()).toBe(1);
    const removed = await sender.database.transaction((queries) => deleteClip(queries, id));
    expect(removed).toMatchObject({ media: null });
    await work();
    await ended(sender, 1);
    await until(() => held() === 0, 'the file goes');
    // A failure is no result: it is tried again.
    const before = await taskOfKey(sender.database, 'first');
    await sendTask(sender, task('first'), [await hashFile(path)]);
    await ended(sender, 1);
    expect((await taskOfKey(sender.database, 'first'))?.id).not.toBe(before?.id);
  });

  test('what another version sent goes back, for a worker of that version', async () => {
    const { sender, work } = await queue('versions');
    await sendTask(sender, { ...task('old'), payload: { mesoscope: '0.0.1' } }, []);
    await work();
    await until(async () => {
      const rows = await sender.database.query('select from mesoscope.task where not_before is not null');
      return rows.length === 1;
    }, 'it goes back');
    expect(await taskOfKey(sender.database, 'old')).toMatchObject({
      status: 'queued',
      attempts: 1,
      error: null,
    });
  });

  test('a file that changes while it is sent is not sent', async () => {
    const { sender } = await queue('changes');
    const known = await hashFile(file('changes.txt'));
    file('changes.txt', 'something else');
    await expect(sendTask(sender, task('changed'), [known])).rejects.toMatchObject({
      code: 'CLIP_UNREADABLE',
    });
    expect(await taskOfKey(sender.database, 'changed')).toBeUndefined();
    expect(readdirSync(join(made('changes'), 'media'))).toEqual([]);
  });
});
