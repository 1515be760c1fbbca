/** `sweep --queue`: workers train the runs, and each comes back as the run that a local sweep leaves. */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { errors } from '../../src/base/errors.ts';
import { tarEnd, writeTarBody } from '../../src/data/tar.ts';
import { encodePng } from '../../src/media/image.ts';
import { makeConfig } from '../../src/server/config.ts';
import { openPostgres } from '../../src/server/database/postgres.ts';
import { cancelTask } from '../../src/server/database/task-steps.ts';
import { failureOf } from '../../src/server/failure.ts';
import { probeConfinement } from '../../src/server/sandbox/sandbox.ts';
import type { EventName } from '../../src/server/watch/events.ts';
import { type Log, silent } from '../../src/server/watch/log.ts';
import { type Joined, startWorker } from '../../src/server/work.ts';
import { command } from '../command.ts';
import { temporaryFolder } from '../media-fixtures.ts';
import { havePostgres, noPostgresReason, withPostgres } from '../postgres.ts';
import { bucketName, startBucket, type TestBucket } from '../s3.ts';
import { builtTask, program, startProcess, until } from '../server.ts';

/** Why processes are not confined here; empty where they are. */
const { reason: unconfined } = await probeConfinement();

const made = temporaryFolder();
const freshDatabase = withPostgres();
const workers = new Set<Joined>();
afterEach(async () => {
  for (const worker of workers) await worker.stop();
  workers.clear();
});

/** Keeps every checkpoint of a run. @returns what it tells, as it goes on */
async function work(database: string, store: string, taskScript = builtTask) {
  const told: { name: EventName; fields: unknown }[] = [];
  const log: Log = { ...silent, tell: (name, fields) => void told.push({ name, fields }) };
  const config = makeConfig({
    ...{ database, store, stopSeconds: 4, disk: { leaveFreeMiB: 0 }, checkpointSeconds: 0 },
  });
  workers.add(await startWorker(config, { kinds: ['train'], taskScript, log }));
  return told;
}

const recipe = {
  schema: 'mesoscope.recipe/1',
  name: 'small',
  data: {
    layout: 'manifest',
    path: 'set',
    split: { seed: 1, shares: { train: 0.6, validation: 0.4, test: 0 } },
  },
  network: { name: 'meso4' },
  size: 32,
  loss: { kind: 'cross-entropy' },
  optimiser: { kind: 'adamw' },
  schedule: { kind: 'constant', rate: 0.001 },
  steps: 12,
  // On noise the metric soon gets no better: the run stops early.
  validation: { metric: 'auc', every: 1, patience: 1 },
  batchSize: 4,
  checkpoints: { every: 1, keep: 1 },
  threads: 1,
  workers: 0,
};

/** Pictures in a shard, as `dataset prepare` leaves them. */
beforeAll(async () => {
  const rows = ['id,file,label,videoId,sourceId'];
  const entries = [];
  for (let i = 0; i < 20; i++) {
    const data = new Uint8Array(32 * 32 * 3).map((_, k) => (k * (i + 3) * 31) % 256);
    entries.push({ name: `${i}.png`, bytes: await encodePng({ width: 32, height: 32, data }) });
    rows.push(`${i},shards/a.tar/${i}.png,${i % 2 ? 'manipulated' : 'real'},v${i},s${i}`);
  }
  mkdirSync(made('set/shards'), { recursive: true });
  await writeTarBody(made('set/shards/a.tar'), entries);
  writeFileSync(made('set/shards/a.tar'), tarEnd, { flag: 'a' });
  writeFileSync(made('set/manifest.csv'), `${rows.join('\n')}\n`);
});

/** Draws a batch of 4 for the first run; of 400, more than the set has, for the second: it cannot train. */
function sweepFile(name: string, values: readonly number[], changes: object = {}): string {
  const sweep = {
    schema: 'mesoscope.sweep/1',
    name,
    recipe: { ...recipe, ...changes },
    runs: 2,
    seed: 1,
    parameters: {
      'optimiser.decay': { kind: 'log-uniform', low: 1e-5, high: 0.1 },
      batchSize: { kind: 'choice', values },
    },
  };
  writeFileSync(made(`${name}.sweep.json`), JSON.stringify(sweep));
  return made(`${name}.sweep.json`);
}

const sweep = (path: string, out: string, ...args: string[]) =>
  command(['sweep', path, '--out', out, '--quiet', ...args]);

/** Figures that the clock gives. */
const timed = /"(?:stepMs|waitMs|seconds|imagesPerSecond|waitShare)":\s*(?:-?[\d.e+-]+|"[^"]*"),?/g;

/** All that a sweep leaves but for times, machines, and the checkpoints that only serve to go on. */
function sweepAt(out: string) {
  const files = readdirSync(out, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.\w+$/.test(name) && !/step-\d+\.|environment\.json$/.test(name))
    .sort();
  return files.map((name) => {
    const bytes = readFileSync(join(out, name));
    return /\.jsonl?$/.test(name)
      ? `${name} ${bytes.toString('utf8').replaceAll(out, 'OUT').replaceAll(timed, '')}`
      : `${name} ${bytes.toString('base64')}`;
  });
}

const tasksIn = async (url: string) => {
  const database = await openPostgres(url);
  try {
    return await database.query<{
      status: string;
      attempts: number;
      checkpoint: { step: number } | null;
    }>('select status, attempts, checkpoint from mesoscope.task order by number');
  } finally {
    await database.close();
  }
};

/** How far what is kept of the first task is; 0 where nothing is. */
const checkpointIn = async (url: string) => (await tasksIn(url))[0]?.checkpoint?.step ?? 0;

const long = { steps: 150, validation: { metric: 'auc', every: 150 } };

describe.skipIf(!havePostgres)(`runs of a sweep${noPostgresReason}`, () => {
  test('come back as a local sweep leaves them, failed ones too; what is known is not trained again', async () => {
    const path = sweepFile('trial', [2, 4, 400]);
    const alone = await sweep(path, made('alone'));
    const [database, store] = [freshDatabase(), made('store')];
    const queue = ['--queue', database, '--store', store];
    await work(database, store);
    const sent = await sweep(path, made('sent'), ...queue);
    expect(sent).toEqual({ ...alone, stdout: alone.stdout.replaceAll('alone', 'sent') });
    expect(sweepAt(made('sent'))).toEqual(sweepAt(made('alone')));
    const listed = sweepAt(made('sent')).join('\n');
    expect(listed).toContain('BATCH_IMPOSSIBLE');
    expect(listed).toContain('early-stop');
    expect(existsSync(made('sent/runs/0000/checkpoints'))).toBe(true);
    expect((await tasksIn(database)).map(({ attempts }) => attempts)).toEqual([1, 1]);
    expect(readdirSync(join(store, 'media'))).toEqual([]);

    for (const worker of workers) await worker.stop();
    workers.clear();
    // Nobody works now: the first run, which could train, is known.
    expect((await sweep(path, made('again'), ...queue, '--runs', '1')).code).toBe(0);
    const figures = (out: string) =>
      readFileSync(made(`${out}/runs/0000/checkpoints/best.safetensors`), 'hex');
    expect(figures('again')).toBe(figures('sent'));
    expect((await sweep(path, made('sent'), ...queue, '--parallel', '2')).code).toBe(2);
  }, 400_000);

  test.skipIf(unconfined !== '')('the process reads its data, and nothing else', async () => {
    const [database, store] = [freshDatabase(), made('peek-store')];
    await work(database, store, program('peeks'));
    const path = sweepFile('peek', [4]);
    const { code } = await sweep(path, made('peek'), '--runs', '1', '--queue', database, '--store', store);
    expect(code).toBe(1);
    const { message, code: failure } = JSON.parse(readFileSync(made('peek/runs/0000/failed.json'), 'utf8'));
    expect(failure).toBe('INTERNAL');
    expect(JSON.parse(message)).toEqual({
      ...{ users: 'EACCES', data: 'data', beside: 'EACCES', change: 'EACCES', out: 'done', network: 'EPERM' },
    });
  });

  test('a run whose worker is killed goes on elsewhere, to the same end; from a bucket', async () => {
    const before = { ...process.env };
    const bucket: TestBucket = await startBucket();
    Object.assign(process.env, bucket.environment);
    try {
      const path = sweepFile('killed', [4], long);
      const alone = sweep(path, made('unbroken'), '--runs', '1');
      const [database, store] = [freshDatabase(), `s3://${bucketName}/sweeps`];
      const config = made('often.json');
      writeFileSync(config, JSON.stringify({ checkpointSeconds: 0 }));
      const args = ['--store', store, '--database', database, '--kinds', 'train', '--config', config];
      const killed = await startProcess(args, {}, 'worker');
      const sending = sweep(path, made('killed'), '--runs', '1', '--queue', database, '--store', store);
      await until(async () => (await checkpointIn(database)) > 20, 'a checkpoint is kept', 120_000);
      killed.kill('SIGKILL');
      await killed.ended;
      const step = await checkpointIn(database);
      // As if it had died between the store and the row: nobody knows of this one.
      const [known] = [...bucket.objects.keys()].filter((key) => key.includes('/going-on/'));
      bucket.objects.set(known.replace(/[^/]+$/, '1-7.tar'), bucket.objects.get(known) as Buffer);
      const told = await work(database, store);
      expect((await sending).code).toBe(0);
      expect(told.find(({ name }) => name === 'task goes on')?.fields).toMatchObject({ step, attempt: 2 });
      expect(await tasksIn(database)).toMatchObject([{ status: 'done', attempts: 2, checkpoint: null }]);
      expect((await alone).code).toBe(0);
      expect(sweepAt(made('killed'))).toEqual(sweepAt(made('unbroken')));
      const left = [...bucket.objects.keys()].map((key) => key.replace(/[0-9a-f-]{36}/, 'ID'));
      expect(left.sort()).toEqual(['sweeps/folder-id', 'sweeps/tasks/ID/2/run.tar']);
    } finally {
      process.env = before;
      await bucket.close();
    }
  }, 400_000);

  test('one that is cancelled stops its worker, and the same command sends it again', async () => {
    const path = sweepFile('cancelled', [4], long);
    const [database, store] = [freshDatabase(), made('cancelled-store')];
    const told = await work(database, store);
    const [worker] = workers;
    const args = [path, made('cancelled'), '--runs', '1', '--queue', database, '--store', store];
    const sending = sweep(args[0], args[1], ...args.slice(2));
    await until(async () => (await checkpointIn(database)) > 5, 'a checkpoint is kept', 120_000);
    const [{ id }] = await worker.database.query<{ id: string }>('select id from mesoscope.task');
    const failure = failureOf(errors.TASK_CANCELLED('The run'));
    expect(await cancelTask(worker.database, worker.queue, id, failure)).toMatchObject({ ended: true });
    expect(await cancelTask(worker.database, worker.queue, id, failure)).toMatchObject({ ended: false });
    const first = await sending;
    expect(first.code).toBe(1);
    expect(first.stderr).toContain('1 run cancelled on the server');
    await until(() => told.some(({ name }) => name === 'task dropped'), 'its worker learns of it');
    expect(worker.runner.busy).toBe(0);
    expect(await worker.database.query('select from pgboss.job')).toEqual([]);
    expect(existsSync(made('cancelled/runs/0000/failed.json'))).toBe(false);
    expect((await sweep(args[0], args[1], ...args.slice(2))).code).toBe(0);
    expect(await tasksIn(database)).toMatchObject([{ status: 'done', attempts: 1 }]);
  }, 400_000);

  test('a checkpoint that was damaged in the store is not gone on from', async () => {
    const path = sweepFile('damaged', [4], long);
    const [database, store] = [freshDatabase(), made('damaged-store')];
    await work(database, store);
    const sending = sweep(path, made('damaged'), '--runs', '1', '--queue', database, '--store', store);
    await until(async () => (await checkpointIn(database)) > 5, 'a checkpoint is kept', 120_000);
    for (const worker of workers) await worker.stop();
    workers.clear();
    const [task] = readdirSync(join(store, 'tasks'));
    const kept = join(store, 'tasks', task, 'going-on');
    for (const name of readdirSync(kept)) {
      const bytes = readFileSync(join(kept, name));
      bytes[bytes.length - 3000] ^= 1;
      writeFileSync(join(kept, name), bytes);
    }
    const told = await work(database, store);
    expect((await sending).code).toBe(0);
    expect(told.map(({ name }) => name)).not.toContain('task goes on');
    expect(told.find(({ name }) => name === 'task checkpoint lost')?.fields).toMatchObject({
      why: 'it is not what was kept',
    });
    const metrics = readFileSync(made('damaged/runs/0000/metrics.jsonl'), 'utf8');
    expect(metrics.match(/"kind":"train"/g)).toHaveLength(long.steps);
  }, 400_000);
});
