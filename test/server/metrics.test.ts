/** What Prometheus and health checks are told, by servers and by workers. */
import { openAsBlob, readFileSync } from 'node:fs';
import type { Gauge } from 'prom-client';
import { afterEach, describe, expect, test } from 'vitest';
import { makeConfig } from '../../src/server/config.ts';
import type { Database } from '../../src/server/database/database.ts';
import { oldestWaiting } from '../../src/server/watch/clip-gauges.ts';
import { Metrics } from '../../src/server/watch/metrics.ts';
import { requestSeconds } from '../../src/server/watch/request-seconds.ts';
import { type Joined, startWorker } from '../../src/server/work.ts';
import { makeClip, temporaryFolder } from '../media-fixtures.ts';
import { havePostgres, noPostgresReason, postgresCluster } from '../postgres.ts';
import { builtAnalysis, testServers, until } from '../server.ts';

const { start, folder } = testServers();
const made = temporaryFolder();

/** Values by series, as Prometheus reads them. */
function seriesOf(text: string): Map<string, number> {
  const lines = text.split('\n').filter((line) => line && !line.startsWith('#'));
  return new Map(lines.map((line) => [line.replace(/ \S+$/, ''), Number(line.split(' ').at(-1))]));
}

const read = async (url: string) => seriesOf(await (await fetch(`${url}/metrics`)).text());

/** A database that is not asked for more than whether it is there. */
const nothing = { query: async () => [] } as unknown as Database;

test('docs/operations.md lists every metric with its type and labels, and no other', async () => {
  const text = readFileSync(new URL('../../docs/operations.md', import.meta.url), 'utf8');
  const table = text.slice(text.indexOf('| metric |')).split('\n\n')[0];
  const rows = table
    .split('\n')
    .slice(2)
    .map((row) => row.split('|').map((cell) => cell.trim().replaceAll('`', '')))
    .map(([, name, type, labels, of]) => `${of}: ${type} ${name} ${labels}`);
  const namesOf = ({ registry }: Metrics) =>
    Promise.all(
      registry.getMetricsAsArray().map(async (metric) => {
        // Of a metric the registry's types know the name alone.
        const whole = metric as unknown as Gauge & { labelNames: string[] };
        const { name, type } = await whole.get();
        const { labelNames } = whole;
        return `${type} ${name} ${labelNames.join(', ') || '–'}`;
      }),
    ).then((names) => names.filter((name) => name.includes(' mesoscope_')));
  const server = new Metrics(nothing, true);
  requestSeconds(server.registry);
  const both = await namesOf(new Metrics(nothing, false));
  const own = (await namesOf(server)).filter((name) => !both.includes(name));
  expect(rows.toSorted()).toEqual(
    [...both.map((name) => `both: ${name}`), ...own.map((name) => `server: ${name}`)].toSorted(),
  );
});

test('what is told of tries is counted', async () => {
  const metrics = new Metrics(nothing, false);
  const clip = { clip: 'c', attempt: 1, job: 'j', queue: 'analyse' as const, seconds: 3 };
  metrics.tell('accepted', { ...clip, bytes: 7 });
  metrics.tell('done', { ...clip, verdict: 'inconclusive', peakMiB: 300, stages: { open: 0.2, frames: 2 } });
  metrics.tell('given', { ...clip, verdict: 'not_assessable', from: 'd' });
  metrics.tell('failed', { ...clip, code: 'CLIP_NOT_MEDIA', stages: { open: 0.3 } });
  metrics.tell('failed', { ...clip, queue: 'fetch', code: 'URL_FAILED', stage: 'fetch' });
  metrics.tell('given up', { ...clip, code: 'ANALYSIS_GIVEN_UP' });
  metrics.tell('put back', { ...clip, reason: 'lost', waitSeconds: 2 });
  metrics.tell('put back', { ...clip, reason: 'stopped', waitSeconds: 0 });
  metrics.tell('taken from the dead', { ...clip, waitSeconds: 0 });
  const task = { task: 't', kind: 'train' as const, attempt: 1, job: 'j' };
  metrics.tell('task done', { ...task, seconds: 40 });
  metrics.tell('task failed', { ...task, seconds: 2, code: 'TASK_MEMORY' });
  metrics.tell('task given up', { ...task, code: 'TASK_GIVEN_UP' });
  metrics.tell('task put back', { ...task, reason: 'lost', seconds: 1, waitSeconds: 2 });
  metrics.tell('task taken from the dead', { ...task, waitSeconds: 0 });
  const told = seriesOf(await metrics.text());
  const expected = {
    'mesoscope_task_ends_total{kind="train",outcome="done"}': 1,
    'mesoscope_task_ends_total{kind="train",outcome="failed"}': 2,
    'mesoscope_task_ends_total{kind="prepare",outcome="failed"}': 0,
    'mesoscope_task_failures_total{kind="train",code="TASK_MEMORY"}': 1,
    'mesoscope_task_failures_total{kind="train",code="TASK_GIVEN_UP"}': 1,
    'mesoscope_tasks_put_back_total{kind="train",reason="lost"}': 1,
    'mesoscope_tasks_put_back_total{kind="train",reason="dead"}': 1,
    'mesoscope_tasks_put_back_total{kind="train",reason="stopped"}': 0,
    'mesoscope_task_seconds_count{kind="train"}': 2,
    'mesoscope_task_seconds_sum{kind="train"}': 42,
    'mesoscope_task_seconds_count{kind="prepare"}': 0,
    mesoscope_accepted_bytes_total: 7,
    'mesoscope_analyses_total{outcome="done"}': 1,
    'mesoscope_analyses_total{outcome="given"}': 1,
    'mesoscope_analyses_total{outcome="failed"}': 2,
    'mesoscope_verdicts_total{verdict="inconclusive"}': 1,
    'mesoscope_verdicts_total{verdict="not_assessable"}': 1,
    'mesoscope_failures_total{queue="analyse",code="CLIP_NOT_MEDIA"}': 1,
    'mesoscope_failures_total{queue="analyse",code="ANALYSIS_GIVEN_UP"}': 1,
    'mesoscope_failures_total{queue="fetch",code="URL_FAILED"}': 1,
    'mesoscope_put_back_total{reason="lost"}': 1,
    'mesoscope_put_back_total{reason="stopped"}': 1,
    'mesoscope_put_back_total{reason="failed"}': 0,
    'mesoscope_put_back_total{reason="dead"}': 1,
    'mesoscope_stage_seconds_count{stage="open"}': 2,
    'mesoscope_stage_seconds_sum{stage="open"}': 0.5,
    'mesoscope_stage_seconds_count{stage="frames"}': 1,
    'mesoscope_stage_seconds_count{stage="report"}': 0,
    mesoscope_analysis_seconds_count: 2,
    mesoscope_analysis_peak_mebibytes_count: 1,
    mesoscope_database_up: 1,
  };
  for (const [series, value] of Object.entries(expected))
    expect([series, told.get(series)]).toEqual([series, value]);
});

test('a server tells how many wait and how long, by queue and priority', async () => {
  const { client, url, services } = await start({ job: { slots: 0 } });
  const { database } = services;
  for (const [priority, minutes] of [
    ['normal', 10],
    ['normal', 30],
    ['high', 5],
  ] as const) {
    const { id } = await client.upload(new Blob([`${minutes}`]), { priority });
    await database.query(
      'update mesoscope.clip set created_at = now() - make_interval(mins => $2::int) where id = $1',
      [id, minutes],
    );
  }
  const late = await client.upload(new Blob(['put off']), { priority: 'low' });
  await database.query(
    `update mesoscope.clip set created_at = now() - interval '1 day', not_before = now() + interval '1 hour'
     where id = $1`,
    [late.id],
  );
  const told = await read(url);
  const of = (metric: string, priority: string, queue = 'analyse') =>
    told.get(`mesoscope_queue_${metric}{queue="${queue}",priority="${priority}"}`);
  expect(['low', 'normal', 'high'].map((priority) => of('clips', priority))).toEqual([1, 2, 1]);
  expect(of('clips', 'normal', 'fetch')).toBe(0);
  expect(of('oldest_seconds', 'low')).toBe(0);
  const normal = of('oldest_seconds', 'normal') ?? 0;
  expect(normal).toBeGreaterThanOrEqual(1800);
  expect(normal).toBeLessThan(3600);
  expect(Math.floor((of('oldest_seconds', 'high') ?? 0) / 300)).toBeGreaterThanOrEqual(1);
  // What scales the workers is the same number.
  const [{ seconds }] = await database.query<{ seconds: number }>(oldestWaiting);
  expect(seconds).toBeGreaterThanOrEqual(normal);
  expect(told.get('mesoscope_clips{status="queued"}')).toBe(4);
  // A server without slots is no worker.
  expect([told.get('mesoscope_workers'), told.get('mesoscope_worker_slots')]).toEqual([0, 0]);
});

test('a server tells how many tasks wait, run and ended, and since when the oldest waits', async () => {
  const { url, services } = await start({ job: { slots: 0 } });
  const states = [
    ['prepare', 'queued', 20, null],
    ['prepare', 'queued', 60, '1 hour'],
    ['prepare', 'done', 90, null],
    ['train', 'running', 5, null],
  ] as const;
  for (const [n, [kind, status, minutes, later]] of states.entries()) {
    await services.database.query(
      `insert into mesoscope.task (id, kind, key, name, client, priority, turn, status, payload, created_at, not_before)
       values (gen_random_uuid(), $1, $2, 'n', 'c', 1, 1, $3, '{}', now() - make_interval(mins => $4::int),
         now() + $5::interval)`,
      [kind, `key ${n}`, status, minutes, later],
    );
  }
  const told = await read(url);
  const count = (kind: string, status: string) =>
    told.get(`mesoscope_tasks{kind="${kind}",status="${status}"}`);
  expect(['queued', 'running', 'done', 'failed'].map((status) => count('prepare', status))).toEqual([
    2, 0, 1, 0,
  ]);
  expect([count('train', 'queued'), count('train', 'running')]).toEqual([0, 1]);
  const oldest = (kind: string) => told.get(`mesoscope_task_queue_oldest_seconds{kind="${kind}"}`) ?? -1;
  expect(Math.floor(oldest('prepare') / 60)).toBe(20);
  expect(oldest('train')).toBe(0);
});

describe.skipIf(!havePostgres)(`a worker with --metrics-port${noPostgresReason}`, () => {
  const left: (() => Promise<unknown> | unknown)[] = [];
  afterEach(async () => {
    for (const end of left.splice(0).reverse()) await end();
  });

  test('tells what it did, and that it is not ready while the database is away or it stops', async () => {
    const cluster = postgresCluster();
    left.push(() => cluster.stop());
    const [data, database] = [await folder(), cluster.freshDatabase()];
    const server = await start({ data, database, job: { slots: 0 } });
    left.push(() => server.stop());
    const config = makeConfig({
      ...{ database, store: data, stopSeconds: 4, disk: { leaveFreeMiB: 0 } },
      ...{ job: { slots: 3 }, metricsPort: 0 },
    });
    const worker: Joined = await startWorker(config, { analysisScript: builtAnalysis });
    let stopped: Promise<void> | undefined;
    left.push(() => stopped ?? worker.stop());
    const at = worker.watchedAt as string;
    expect(at).toContain('http://127.0.0.1:');
    const status = async (url: string) => (await fetch(url)).status;
    expect([await status(`${at}/healthz`), await status(`${at}/readyz`)]).toEqual([200, 200]);
    expect([await status(`${at}/`), await status(`${at}/constructor`)]).toEqual([404, 404]);
    expect((await fetch(`${at}/metrics`, { method: 'POST' })).status).toBe(405);

    const blob = await openAsBlob(await makeClip(made('counted.mp4'), 12));
    const { id } = await server.client.upload(blob, { sample: 'even:2' });
    const { verdict } = await server.client.finished(id);
    const told = await read(at);
    expect(told.get(`mesoscope_verdicts_total{verdict="${verdict}"}`)).toBe(1);
    for (const stage of ['start', 'open', 'frames', 'score', 'report']) {
      expect([stage, told.get(`mesoscope_stage_seconds_count{stage="${stage}"}`)]).toEqual([stage, 1]);
    }
    expect([...told.keys()].some((series) => series.startsWith('mesoscope_queue'))).toBe(false);
    const all = await read(server.url);
    expect([all.get('mesoscope_workers'), all.get('mesoscope_worker_slots')]).toEqual([1, 3]);
    // One that has been silent for too long is no live worker, whether or not it was buried yet.
    await worker.database.query(
      "insert into mesoscope.server (name, slots, seen_at) values ('gone', 5, now() - interval '1 hour')",
    );
    const later = await read(server.url);
    expect([later.get('mesoscope_workers'), later.get('mesoscope_worker_slots')]).toEqual([1, 3]);

    const ready = () => Promise.all([status(`${at}/readyz`), status(`${server.url}/api/ready`)]);
    expect(await ready()).toEqual([200, 200]);
    cluster.stop();
    expect(await ready()).toEqual([503, 503]);
    expect(await status(`${at}/healthz`)).toBe(200);
    expect((await read(at)).get('mesoscope_database_up')).toBe(0);
    const away = await read(server.url);
    expect(away.get('mesoscope_database_up')).toBe(0);
    expect(
      away.get('mesoscope_http_request_seconds_count{method="POST",route="/api/clips",status="201"}'),
    ).toBe(1);
    expect([...away.keys()].filter((series) => /_queue|_clips|_workers|_slots/.test(series))).toEqual([]);
    cluster.start();
    await until(async () => (await ready()).join() === '200,200', 'both are ready again');
    expect((await read(server.url)).get('mesoscope_database_up')).toBe(1);

    let last: number | undefined;
    stopped = worker.stop();
    // Before the port goes, if it is met in time, it says that nothing is to be expected.
    await fetch(`${at}/readyz`).then(
      (answer) => {
        last = answer.status;
      },
      () => undefined,
    );
    await stopped;
    expect([503, undefined]).toContain(last);
    await expect(fetch(`${at}/healthz`)).rejects.toThrow();
  });

  test('says which address it cannot take', async () => {
    const cluster = postgresCluster();
    left.push(() => cluster.stop());
    const [data, database] = [await folder(), cluster.freshDatabase()];
    const server = await start({ data, database, job: { slots: 0 } });
    left.push(() => server.stop());
    const taken = makeConfig({ database, store: data, metricsPort: server.port });
    await expect(startWorker(taken)).rejects.toMatchObject({ code: 'METRICS_ADDRESS' });
  });
});
