/** Today's server on what each earlier shape of the database left: nothing is lost, and what waited is finished. */
import { randomUUID } from 'node:crypto';
import { openAsBlob } from 'node:fs';
import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { sha256 } from '../../src/base/hash.ts';
import { type Clip, clipHeader } from '../../src/server/api.ts';
import type { Database } from '../../src/server/database/database.ts';
import { openEmbedded } from '../../src/server/database/embedded.ts';
import { migrate } from '../../src/server/database/migrate.ts';
import { migrations } from '../../src/server/database/migrations.ts';
import { openPostgres } from '../../src/server/database/postgres.ts';
import { Queue } from '../../src/server/jobs/queue.ts';
import { makeClip, temporaryFolder } from '../media-fixtures.ts';
import { havePostgres, noPostgresReason, withPostgres } from '../postgres.ts';
import { prepareDatabase, testServers } from '../server.ts';

const { start, folder } = testServers();
const made = temporaryFolder();
const freshDatabase = withPostgres();

type Row = Record<string, unknown>;
/** What an analysis leaves, made once by a server of today: files and rows. */
let kept: { data: string; bytes: Buffer; clip: Clip; report: string; row: Row; media: Row };

beforeAll(async () => {
  const path = await makeClip(made('old.mp4'), 12);
  const server = await start();
  const sent = await server.client.upload(await openAsBlob(path), { name: 'done.mp4', sample: 'even:2' });
  const clip = await server.client.finished(sent.id);
  const report = await (await server.client.bytes(clip.links.report as string)).text();
  const { database } = server.services;
  const [{ row, media }] = await database.query<{ row: Row; media: Row }>(
    'select to_jsonb(c) as row, to_jsonb(m) as media from mesoscope.clip c join mesoscope.media m on m.id = c.media',
  );
  await server.stop();
  kept = { data: server.config.data, bytes: await readFile(path), clip, report, row, media };
});

/** Those of the given values that the table has columns for, as an earlier version would have written them. */
async function insert(database: Database, table: string, row: Row): Promise<void> {
  const columns = await database.query<{ name: string }>(
    `select column_name as name from information_schema.columns
     where table_schema = 'mesoscope' and table_name = $1`,
    [table],
  );
  const names = columns.map(({ name }) => name).filter((name) => Object.hasOwn(row, name));
  const list = names.join(', ');
  await database.query(
    `insert into mesoscope.${table} (${list}) overriding system value
     select ${list} from jsonb_populate_record(null::mesoscope.${table}, $1::jsonb)`,
    [JSON.stringify(row)],
  );
}

/**
 * A data folder as a killed server of that version leaves it.
 * @param url of an empty database on a PostgreSQL server; the embedded one where left out
 */
async function leave(version: number, url?: string) {
  const data = await folder();
  await cp(join(kept.data, 'media'), join(data, 'media'), { recursive: true });
  await cp(join(kept.data, 'clips'), join(data, 'clips'), { recursive: true });
  if (url === undefined) await prepareDatabase(join(data, 'database'));
  const database = await (url === undefined ? openEmbedded(join(data, 'database')) : openPostgres(url));
  const upTo = migrations.filter(({ number }) => number <= version);
  expect(await migrate(database, upTo)).toEqual(upTo.map(({ number }) => number));
  if (url !== undefined) {
    await insert(database, 'setting', { name: 'folder', value: 'of these two' });
    await writeFile(join(data, 'folder-id'), 'of these two');
  }
  const queue = await Queue.open(database, () => undefined);
  await insert(database, 'media', kept.media);
  await insert(database, 'clip', kept.row);
  await insert(database, 'server', { key: 1, started_at: new Date() });

  let number = Number(kept.row.number);
  const add = async (name: string, row: Row, queued?: 'fetch' | 'analyse') => {
    const id = randomUUID();
    const job = queued ? await queue.add(database, queued, id, { rank: 0 }) : null;
    const { detector, sample, created_at } = kept.row;
    await insert(database, 'clip', {
      ...{ id, name, job, detector, sample, created_at, number: ++number, attempts: 0, changed: number },
      ...row,
    });
    return id;
  };
  const file = async () => {
    const id = randomUUID();
    await writeFile(join(data, 'media', id), kept.bytes);
    await insert(database, 'media', { ...kept.media, id });
    return id;
  };
  const error = { code: 'CLIP_NOT_MEDIA', title: 'failed.mp4 is no clip.', next: 'Send another.' };
  const ids = {
    failed: await add('failed.mp4', { status: 'failed', media: await file(), error, attempts: 1 }),
    queued: await add('queued.mp4', { status: 'queued', media: await file() }, 'analyse'),
    running: await add('running.mp4', { status: 'running', media: await file(), server: 1, attempts: 1 }),
    fetching: await add('fetching.mp4', { status: 'fetching', url: 'http://127.0.0.1/x.mp4' }, 'fetch'),
  };
  const upload = randomUUID();
  await mkdir(join(data, 'uploads'), { recursive: true });
  await writeFile(join(data, 'uploads', upload), kept.bytes.subarray(0, 1000));
  await insert(database, 'upload', {
    ...{ id: upload, length: kept.bytes.length, name: 'half.mp4', created_at: new Date() },
    ...{ detector: kept.row.detector, sample: kept.row.sample },
  });
  await database.query(`select setval(pg_get_serial_sequence('mesoscope.clip', 'number'), $1)`, [number]);
  await database.query(`select setval('mesoscope.change', $1)`, [number]);
  await database.query(`select setval(pg_get_serial_sequence('mesoscope.server', 'key'), 1)`);
  await queue.close();
  await database.close();
  return { data, ids, upload };
}

const steps = migrations.map(({ number, name }) => ({ number, name, place: 'embedded' }));
/** Of the same SQL: the oldest, and the one that most have. */
const onServer = [steps[0], steps[steps.length - 2]].map((step) => ({ ...step, place: 'server' }));

describe.each([...steps, ...onServer])(
  'what was left at step $number ($name), database: $place',
  ({ number, place }) => {
    const absent = place === 'server' && !havePostgres;
    test.skipIf(absent)(`is there, and goes on${absent ? noPostgresReason : ''}`, async () => {
      const database = place === 'server' ? freshDatabase() : undefined;
      const { data, ids, upload } = await leave(number, database);
      const { client, url, services } = await start(database === undefined ? { data } : { data, database });
      expect(await services.database.query('select number from mesoscope.migration order by number')).toEqual(
        migrations.map((step) => ({ number: step.number })),
      );

      expect(await client.get(kept.clip.id)).toEqual(kept.clip);
      const { report, media, json } = kept.clip.links;
      expect(await (await client.bytes(report as string)).text()).toBe(kept.report);
      expect(JSON.parse(await (await client.bytes(json as string)).text())).toEqual(kept.clip.result);
      const back = await client.bytes(media as string);
      expect(sha256(Buffer.from(await back.arrayBuffer()))).toBe(kept.media.sha256);
      expect(await client.get(ids.failed)).toMatchObject({
        ...{ status: 'failed', name: 'failed.mp4', error: { code: 'CLIP_NOT_MEDIA' } },
      });

      // An upload goes on where it was.
      const tus = { 'tus-resumable': '1.0.0' };
      const head = await fetch(`${url}/api/uploads/${upload}`, { method: 'HEAD', headers: tus });
      expect(head.headers.get('upload-offset')).toBe('1000');
      const rest = await fetch(`${url}/api/uploads/${upload}`, {
        method: 'PATCH',
        headers: { ...tus, 'upload-offset': '1000', 'content-type': 'application/offset+octet-stream' },
        body: new Uint8Array(kept.bytes.subarray(1000)),
      });
      const uploaded = rest.headers.get(clipHeader) as string;

      const finished = async (id: string) => {
        const { status, attempts, name, score, verdict } = await client.finished(id);
        return { status, attempts, name, score, verdict };
      };
      const { score, verdict } = kept.clip;
      const done = { status: 'done', score, verdict };
      expect(await finished(ids.queued)).toEqual({ ...done, name: 'queued.mp4', attempts: 1 });
      expect(await finished(ids.running)).toEqual({ ...done, name: 'running.mp4', attempts: 2 });
      expect(await finished(uploaded)).toEqual({ ...done, name: 'half.mp4', attempts: 1 });
      expect((await client.finished(ids.fetching)).error?.code).toBe('URL_REFUSED');
      expect((await client.list()).total).toBe(6);
      // Nobody holds anything any more, and no ticket is left.
      expect(
        await services.database.query(
          'select (select count(*)::int from pgboss.job) as jobs, count(server)::int as held from mesoscope.clip',
        ),
      ).toEqual([{ jobs: 0, held: 0 }]);
    });
  },
);
