/** Servers and workers that share a PostgreSQL server and a store: who takes what, and what is left of those that die. */
import { openAsBlob } from 'node:fs';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { verifyBundle } from '../../src/report/bundle/verify.ts';
import { MesoscopeClient } from '../../src/server/client.ts';
import { makeConfig } from '../../src/server/config.ts';
import { forPeople } from '../../src/server/watch/log.ts';
import { type Joined, startWorker } from '../../src/server/work.ts';
import { makeClip, temporaryFolder } from '../media-fixtures.ts';
import { havePostgres, noPostgresReason, postgresCluster } from '../postgres.ts';
import { builtAnalysis, program, startProcess, testServers, until } from '../server.ts';

const { start, folder } = testServers();
const made = temporaryFolder();
let cluster: ReturnType<typeof postgresCluster>;
beforeAll(() => {
  if (havePostgres) cluster = postgresCluster();
});
afterAll(() => cluster?.stop());

const workers = new Set<Joined>();
afterEach(async () => {
  for (const worker of workers) await worker.stop();
  workers.clear();
});

/** A server that only accepts and shows, and what workers need to join it. */
async function acceptOnly(analysisScript = builtAnalysis) {
  const data = await folder();
  const database = cluster.freshDatabase();
  const server = await start({ data, database, job: { slots: 0 } });
  const lines: string[] = [];
  const work = async (script = analysisScript, job = {}) => {
    const config = makeConfig({ database, store: data, job, stopSeconds: 4, disk: { leaveFreeMiB: 0 } });
    const worker = await startWorker(config, {
      log: forPeople((line) => void lines.push(line)),
      analysisScript: script,
    });
    workers.add(worker);
    return worker;
  };
  return { ...server, data, database, work, lines };
}

const states = async (client: MesoscopeClient) =>
  (await client.list({ limit: 200 })).clips.map(({ name, status }) => `${name} ${status}`).sort();

/** Names in the order in which they were begun. */
const order = async (client: MesoscopeClient) =>
  (await client.list({ limit: 200 })).clips
    .toSorted((a, b) => (a.startedAt ?? '').localeCompare(b.startedAt ?? ''))
    .map(({ name }) => name);

describe.skipIf(!havePostgres)(`workers${noPostgresReason}`, () => {
  test('a server without slots takes clips in, a worker gives them their results', async () => {
    const { client, work } = await acceptOnly();
    const blob = await openAsBlob(await makeClip(made('one.mp4'), 12));
    const { id } = await client.upload(blob, { name: 'one.mp4', sample: 'even:2' });
    expect(await client.get(id)).toMatchObject({ status: 'queued', attempts: 0 });
    await work();
    const clip = await client.finished(id);
    expect(clip).toMatchObject({ status: 'done', attempts: 1 });
    expect(clip.result?.clip).toMatchObject({ path: 'one.mp4', sha256: clip.sha256, frames: 12 });
    expect(await (await client.bytes(clip.links.report as string)).text()).toContain('one.mp4');
  });

  test('another folder than the server’s is refused', async () => {
    const { client, database } = await acceptOnly();
    await client.upload(new Blob(['x']));
    const other = makeConfig({ database, store: await folder() });
    await expect(startWorker(other)).rejects.toMatchObject({ code: 'DATA_FOLDER_DIFFERS' });
    await expect(startWorker(makeConfig({ database }))).rejects.toMatchObject({ code: 'QUEUE_NEEDS_STORE' });
    await expect(startWorker(makeConfig({ store: 'x' }))).rejects.toMatchObject({
      code: 'QUEUE_NEEDS_DATABASE',
    });
  });

  test('senders take turns, and a higher priority goes first', async () => {
    const { url, work, client } = await acceptOnly(program('crash'));
    const as = (sender: string) => new MesoscopeClient({ baseUrl: url, sender });
    for (let n = 0; n < 4; n++) await as('archive').upload(new Blob([`a${n}`]), { name: `archive-${n}` });
    for (let n = 0; n < 2; n++) await as('desk').upload(new Blob([`d${n}`]), { name: `desk-${n}` });
    await as('archive').upload(new Blob(['later']), { name: 'later', priority: 'low' });
    const { id } = await as('archive').upload(new Blob(['urgent']), { name: 'urgent', priority: 'high' });
    expect((await client.get(id)).ahead).toBe(0);
    await work();
    await until(async () => (await client.list({ status: 'failed' })).total === 8, 'all end', 150_000);
    expect(await order(client)).toEqual([
      ...['urgent', 'archive-0', 'desk-0', 'archive-1', 'desk-1', 'archive-2', 'archive-3', 'later'],
    ]);
  });

  test('who was away for long does not pay for what was sent before', async () => {
    const { url, work, client } = await acceptOnly(program('crash'));
    const as = (sender: string) => new MesoscopeClient({ baseUrl: url, sender });
    for (let n = 0; n < 3; n++) await as('early').upload(new Blob([`e${n}`]), { name: `early-${n}` });
    await work();
    await until(
      async () => (await client.list({ status: 'failed' })).total === 3,
      'the first three end',
      150_000,
    );
    for (const worker of workers) await worker.stop();
    await as('new').upload(new Blob(['n0']), { name: 'new-0' });
    await as('early').upload(new Blob(['e3']), { name: 'early-3' });
    await as('new').upload(new Blob(['n1']), { name: 'new-1' });
    await work();
    await until(async () => (await client.list({ status: 'failed' })).total === 6, 'all end', 150_000);
    expect((await order(client)).slice(3)).toEqual(['new-0', 'early-3', 'new-1']);
  });

  test('the same file is analysed once; whoever sends it again is answered at once', async () => {
    const { client, work, services } = await acceptOnly();
    const blob = await openAsBlob(await makeClip(made('known.mp4'), 12));
    const first = await client.upload(blob, { name: 'first.mp4', sample: 'even:2' });
    await work();
    const known = await client.finished(first.id);
    for (const worker of workers) await worker.stop();

    // Nobody works now: the answer needs no one.
    const again = await client.upload(blob, { name: 'second & last.mp4', sample: 'even:2' });
    expect(again).toMatchObject({ status: 'done', attempts: 1, score: known.score });
    const second = await client.get(again.id);
    expect(second.result).toEqual({
      ...known.result,
      clip: { ...known.result?.clip, path: 'second & last.mp4' },
    });
    const report = await (await client.bytes(second.links.report as string)).text();
    expect(report).toContain('second &amp; last.mp4');
    expect(report).not.toContain('first.mp4');
    const json = await (await client.bytes(second.links.json as string)).text();
    expect(JSON.parse(json)).toEqual(second.result);
    const bundle = await client.bytes(second.links.evidence as string);
    const { checks } = verifyBundle(new Uint8Array(await bundle.arrayBuffer()));
    expect(checks.filter(({ status }) => status === 'failed')).toEqual([]);
    expect(checks.map(({ name, status }) => `${name} ${status}`)).toContain('log passed');
    // Other frames are another question.
    expect((await client.upload(blob, { sample: 'even:3' })).status).toBe('queued');

    await client.delete(first.id);
    expect((await client.bytes(second.links.report as string)).size).toBeGreaterThan(0);
    const third = await client.rescan(again.id, {});
    expect(third).toMatchObject({ status: 'done', score: known.score });
    expect(
      await services.database.query("select count(*)::int as n from mesoscope.clip where status = 'done'"),
    ).toEqual([{ n: 2 }]);
  });

  test('of two clips with the same bytes one is analysed while the other waits for its result', async () => {
    const { client, work, services } = await acceptOnly();
    const blob = await openAsBlob(await makeClip(made('twins.mp4'), 12));
    const ids = [];
    for (const name of ['a.mp4', 'b.mp4', 'c.mp4']) {
      ids.push((await client.upload(blob, { name, sample: 'even:2' })).id);
    }
    // Every analysis that begins is one more child; known answers come without.
    await Promise.all([work(), work()]);
    const ends = [];
    for (const id of ids) ends.push(await client.finished(id));
    expect(ends.map(({ status, attempts }) => `${status} ${attempts}`)).toEqual(Array(3).fill('done 1'));
    const [timing] = ends.map(({ result }) => JSON.stringify(result?.timing));
    expect(ends.every(({ result }) => JSON.stringify(result?.timing) === timing)).toBe(true);
    expect(services.runner.busy).toBe(0);
  });

  test('a worker that falls silent loses its clip, learns of it, and finishes nothing', async () => {
    const { client, work, lines, services } = await acceptOnly();
    const blob = await openAsBlob(await makeClip(made('silent.mp4'), 12));
    await work(program('hang'));
    const { id } = await client.upload(blob, { sample: 'even:2' });
    await until(async () => (await client.get(id)).status === 'running', 'the silent one has it');
    // As a frozen machine leaves it: the connection stands, the word does not come.
    await services.database.query(
      `update mesoscope.server set seen_at = now() - interval '1 hour' where slots > 0`,
    );
    await services.database.script(
      `create function mesoscope.mute() returns trigger language plpgsql as $$ begin
         new.seen_at = old.seen_at; return new; end $$;
       create trigger mute before update on mesoscope.server for each row execute function mesoscope.mute();`,
    );
    await until(
      async () =>
        (await services.database.query('select from mesoscope.server where slots > 0')).length === 0,
      'the server buries it',
    );
    await services.database.script('drop trigger mute on mesoscope.server');
    await until(() => lines.some((line) => line.includes('took this one for dead')), 'it learns');
    expect(await client.get(id)).toMatchObject({ attempts: expect.any(Number), result: null });
    await work();
    for (const worker of [...workers].slice(0, 1)) await worker.stop();
    expect(await client.finished(id)).toMatchObject({ status: 'done' });
  });

  test('a database that is restarted interrupts nothing: the analysis that ran is finished and kept', async () => {
    const { client, work, lines } = await acceptOnly(program('waits'));
    await work();
    const { id } = await client.upload(new Blob(['x']), { name: 'through.mp4' });
    await until(async () => (await client.get(id)).status === 'running', 'it runs');
    cluster.stop();
    await until(() => lines.some((line) => line.includes('the database is away')), 'it is missed');
    cluster.start();
    await until(async () => (await client.get(id).catch(() => undefined))?.status === 'failed', 'it ends');
    expect(await client.get(id)).toMatchObject({ attempts: 1, error: { code: 'CLIP_NO_FRAMES' } });
    await until(() => lines.some((line) => line.includes('the database is back')), 'it is told');
  });

  test('a stop hands back what does not end in time', async () => {
    const { client, work } = await acceptOnly(program('hang'));
    const worker = await work();
    const { id } = await client.upload(new Blob(['x']));
    await until(async () => (await client.get(id)).status === 'running', 'it runs');
    await worker.stop();
    expect(await client.get(id)).toMatchObject({ status: 'queued', attempts: 0, error: null });
  });

  test('what waits when a worker starts is begun under its own number', async () => {
    const { client, work, services } = await acceptOnly(program('hang'));
    const { id } = await client.upload(new Blob(['x']));
    await work();
    await until(async () => (await client.get(id)).status === 'running', 'it runs');
    expect(
      await services.database.query(
        'select c.attempts, s.slots from mesoscope.clip c left join mesoscope.server s on s.key = c.server',
      ),
    ).toEqual([{ attempts: 1, slots: 1 }]);
  });

  test('killed with SIGKILL: another begins again what it did', async () => {
    const { client, data, database, work } = await acceptOnly();
    const killed = await startProcess(['--store', data, '--database', database], {}, 'worker');
    const path = await makeClip(made('killed.mp4'), 200);
    const { id } = await client.upload(await openAsBlob(path), { sample: 'every:1' });
    await until(async () => (await client.get(id)).status === 'running', 'it runs');
    killed.kill('SIGKILL');
    await killed.ended;
    await work();
    expect(await client.finished(id)).toMatchObject({ status: 'done', attempts: 2 });
    expect(await states(client)).toEqual(['clip done']);
  });
});
