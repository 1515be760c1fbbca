/** `sweep --queue`: workers train the runs, and each comes back as the run that a local sweep leaves. */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { tarEnd, writeTarBody } from '../../src/data/tar.ts';
import { encodePng } from '../../src/media/image.ts';
import { makeConfig } from '../../src/server/config.ts';
import { openPostgres } from '../../src/server/database/postgres.ts';
import { probeConfinement } from '../../src/server/sandbox/sandbox.ts';
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

async function work(database: string, store: string, taskScript = builtTask) {
  const config = makeConfig({ database, store, stopSeconds: 4, disk: { leaveFreeMiB: 0 } });
  workers.add(await startWorker(config, { kinds: ['train'], taskScript }));
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
    return await database.query<{ status: string; attempts: number; progress: object | null }>(
      'select status, attempts, progress from mesoscope.task order by number',
    );
  } finally {
    await database.close();
  }
};

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

  test('a worker that is killed loses nothing: another trains the run again; from a bucket', async () => {
    const before = { ...process.env };
    const bucket: TestBucket = await startBucket();
    Object.assign(process.env, bucket.environment);
    try {
      const path = sweepFile('killed', [4], { steps: 300, validation: { metric: 'auc', every: 300 } });
      const [database, store] = [freshDatabase(), `s3://${bucketName}/sweeps`];
      const args = ['--store', store, '--database', database, '--kinds', 'train'];
      const killed = await startProcess(args, {}, 'worker');
      const sending = sweep(path, made('killed'), '--runs', '1', '--queue', database, '--store', store);
      await until(
        async () => (await tasksIn(database)).some(({ progress }) => progress !== null),
        'the run is trained',
        120_000,
      );
      killed.kill('SIGKILL');
      await killed.ended;
      await work(database, store);
      expect((await sending).code).toBe(0);
      expect(await tasksIn(database)).toMatchObject([{ status: 'done', attempts: 2 }]);
      const summary = JSON.parse(readFileSync(made('killed/runs/0000/summary.json'), 'utf8'));
      expect(summary).toMatchObject({ status: 'finished', steps: 300, folder: made('killed/runs/0000') });
      const left = [...bucket.objects.keys()].map((key) => key.replace(/[0-9a-f-]{36}/, 'ID'));
      expect(left.sort()).toEqual(['sweeps/folder-id', 'sweeps/tasks/ID/2/run.tar']);
    } finally {
      process.env = before;
      await bucket.close();
    }
  }, 400_000);
});
