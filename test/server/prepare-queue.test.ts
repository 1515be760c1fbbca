/** `dataset prepare --queue`: workers make the parts, the sender writes the set that it would have written alone. */
import { createHash } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { encodeMask, encodePng } from '../../src/media/image.ts';
import { openClip } from '../../src/media/open.ts';
import { makeConfig } from '../../src/server/config.ts';
import { openPostgres } from '../../src/server/database/postgres.ts';
import { probeConfinement } from '../../src/server/sandbox/sandbox.ts';
import { type Joined, startWorker } from '../../src/server/work.ts';
import { withBucket } from '../bucket.ts';
import { command } from '../command.ts';
import { makeClip, temporaryFolder } from '../media-fixtures.ts';
import { havePostgres, noPostgresReason, withPostgres } from '../postgres.ts';
import { bucketName } from '../s3.ts';
import { builtTask, program, startProcess, until } from '../server.ts';
import { haveSharedData, shared, skipReason } from '../shared-data.ts';

/** Why processes are not confined here; empty where they are. */
const { reason: unconfined } = await probeConfinement();

const made = temporaryFolder();
const freshDatabase = withPostgres();
const workers = new Set<Joined>();
const stopAll = async () => {
  for (const worker of workers) await worker.stop();
  workers.clear();
};
afterEach(stopAll);

async function work(database: string, store: string, taskScript = builtTask, limits: object = {}) {
  const config = makeConfig({ database, store, stopSeconds: 4, disk: { leaveFreeMiB: 0 }, ...limits });
  const worker = await startWorker(config, { kinds: ['prepare'], taskScript });
  workers.add(worker);
  return worker;
}

const fast = ['--sample', 'even:2', '--workers', '1', '--size', '64', '--least-face', '16', '--quiet'];

const prepare = (source: string, out: string, ...args: string[]) =>
  command(['dataset', 'prepare', source, '--out', out, ...fast, ...args]);

/** All that a set consists of, but for times and the name of its folder. */
function setAt(out: string) {
  const hash = (path: string) => createHash('sha256').update(readFileSync(path)).digest('hex');
  const report = JSON.parse(readFileSync(join(out, 'report.json'), 'utf8'));
  for (const name of Object.keys(report.counts)) if (/Seconds$/.test(name)) delete report.counts[name];
  return {
    shards: readdirSync(join(out, 'shards'))
      .sort()
      .map((name) => `${name} ${hash(join(out, 'shards', name))}`),
    manifest: readFileSync(join(out, 'manifest.csv'), 'utf8'),
    report,
  };
}

const tasksIn = async (url: string) => {
  const database = await openPostgres(url);
  try {
    const tasks = await database.query<{ status: string; attempts: number; error: { code: string } | null }>(
      'select status, attempts, error from mesoscope.task order by number',
    );
    const [{ media }] = await database.query<{ media: number }>(
      'select count(*)::int as media from mesoscope.media',
    );
    return { tasks, media };
  } finally {
    await database.close();
  }
};

function tree(name: string, clips: Readonly<Record<string, string>>): string {
  for (const [path, clip] of Object.entries(clips)) {
    mkdirSync(dirname(made(`${name}/${path}`)), { recursive: true });
    copyFileSync(shared(`dev/videos/${clip}`), made(`${name}/${path}`));
  }
  return made(name);
}

describe.skipIf(!havePostgres || !haveSharedData)(`of real clips${noPostgresReason}${skipReason}`, () => {
  test('the same set as without a queue, byte for byte; what is known is made no second time', async () => {
    const source = tree('ffpp', {
      'original_sequences/youtube/c40/videos/183.mp4': 'ffpp-c40-183.mp4',
      'original_sequences/youtube/c40/videos/672.mp4': 'ffpp-c40-672.mp4',
      'manipulated_sequences/Deepfakes/c40/videos/183_253.mp4': 'ffpp-c40-Deepfakes-183_253.mp4',
      'manipulated_sequences/FaceSwap/c40/videos/183_253.mp4': 'ffpp-c40-FaceSwap-183_253.mp4',
    });
    truncateSync(join(source, 'manipulated_sequences/FaceSwap/c40/videos/183_253.mp4'), 2000);
    const alone = await prepare(source, made('alone'));
    expect(alone.code).toBe(1);

    const [database, store] = [freshDatabase(), made('store')];
    const queue = ['--queue', database, '--store', store];
    await work(database, store);
    const sent = await prepare(source, made('sent'), ...queue);
    expect(sent).toEqual({ ...alone, stdout: alone.stdout.replaceAll('alone', 'sent') });
    expect(setAt(made('sent'))).toEqual(setAt(made('alone')));
    expect(setAt(made('sent')).report).toMatchObject({
      items: 6,
      failures: [{ reason: expect.any(String) }],
    });
    expect(await tasksIn(database)).toMatchObject({
      tasks: [{ status: 'done', attempts: 1 }, { status: 'done' }],
      // Nobody needs the videos any more.
      media: 0,
    });
    expect(readdirSync(join(store, 'media'))).toEqual([]);

    // Nobody works now, and nothing is sent.
    await stopAll();
    expect((await prepare(source, made('again'), ...queue)).code).toBe(1);
    expect(setAt(made('again'))).toEqual(setAt(made('alone')));
    expect((await tasksIn(database)).tasks).toHaveLength(2);
  }, 400_000);

  describe('in a bucket', () => {
    const bucket = withBucket();

    test('pictures with masks; files are read by ranges, and gone when their part is there', async () => {
      mkdirSync(made('pictures'), { recursive: true });
      const clip = await openClip(shared('dev/videos/ffpp-c40-183.mp4'));
      const rows = ['id,file,label,videoId,sourceId,mask'];
      for await (const frame of clip.frames({ kind: 'even', count: 2 })) {
        const name = `frame-${frame.index}`;
        writeFileSync(made(`pictures/${name}.png`), await encodePng(frame));
        const { width, height } = frame;
        const data = new Uint8Array(width * height).fill(255, (width * height) / 2);
        writeFileSync(made(`pictures/${name}-mask.png`), await encodeMask({ width, height, data }));
        rows.push(`${name},${name}.png,manipulated,v,s,${name}-mask.png`);
      }
      await clip.close();
      writeFileSync(made('pictures/manifest.csv'), `${rows.join('\n')}\n`);
      expect((await prepare(made('pictures'), made('p-alone'))).code).toBe(0);

      const [database, store] = [freshDatabase(), `s3://${bucketName}/mesoscope`];
      await work(database, store);
      const { code } = await prepare(made('pictures'), made('p-sent'), '--queue', database, '--store', store);
      expect(code).toBe(0);
      expect(setAt(made('p-sent'))).toEqual(setAt(made('p-alone')));
      expect(setAt(made('p-sent')).report).toMatchObject({ items: 2, masks: 2 });
      const reads = bucket().requests.filter(
        ({ method, key }) => method === 'GET' && key.includes('/media/'),
      );
      expect(reads.length).toBeGreaterThanOrEqual(4);
      expect(reads.every(({ range }) => range !== undefined)).toBe(true);
      const left = [...bucket().objects.keys()].map((key) => key.replace(/[0-9a-f-]{36}/, 'ID'));
      expect(left.sort()).toEqual([
        'mesoscope/folder-id',
        'mesoscope/tasks/ID/1/000000.json',
        'mesoscope/tasks/ID/1/000000.tar',
      ]);
    });
  });
});

describe.skipIf(!havePostgres)(`of clips without faces${noPostgresReason}`, () => {
  const source = async (name: string, frames: number) => {
    mkdirSync(made(`${name}/real`), { recursive: true });
    await makeClip(made(`${name}/real/one.mp4`), frames);
    writeFileSync(made(`${name}/real/broken.mp4`), 'no clip at all');
    return made(name);
  };

  test('a worker that is killed loses nothing: another begins the part again', async () => {
    const [database, store, clips] = [freshDatabase(), made('k-store'), await source('k', 40)];
    await prepare(clips, made('k-alone'), '--sample', 'every:1');
    const args = ['--store', store, '--database', database, '--kinds', 'prepare'];
    const killed = await startProcess(args, {}, 'worker');
    const sending = prepare(
      clips,
      made('k-sent'),
      '--sample',
      'every:1',
      '--queue',
      database,
      '--store',
      store,
    );
    await until(async () => {
      const { tasks } = await tasksIn(database);
      return tasks.some(({ status }) => status === 'running');
    }, 'a part is begun');
    killed.kill('SIGKILL');
    await killed.ended;
    await work(database, store);
    expect((await sending).code).toBe(1);
    expect(setAt(made('k-sent'))).toEqual(setAt(made('k-alone')));
    const { tasks } = await tasksIn(database);
    expect(tasks.map(({ status, attempts }) => `${status} ${attempts}`).sort()).toEqual(['done 1', 'done 2']);
  }, 400_000);

  test('a part whose process breaks down is listed as failed; the same command tries it again', async () => {
    const [database, store, clips] = [freshDatabase(), made('f-store'), await source('f', 8)];
    const queue = ['--queue', database, '--store', store];
    const late = await work(database, store, builtTask, { prepare: { seconds: 0.05 } });
    const first = await prepare(clips, made('f-1'), ...queue);
    expect(first.code).toBe(1);
    expect(first.stdout).toContain(
      'TASK_TIME: The part of real/broken.mp4 was ended on a worker after 0.05 s',
    );
    expect((await tasksIn(database)).tasks.map(({ error }) => error?.code)).toEqual([
      'TASK_TIME',
      'TASK_TIME',
    ]);
    await late.stop();
    workers.delete(late);
    await work(database, store);
    expect((await prepare(clips, made('f-2'), ...queue)).stdout).toContain(
      'broken.mp4 is not a video or picture',
    );
    expect((await tasksIn(database)).tasks.map(({ status }) => status)).toEqual(['done', 'done']);
  });

  test('what a process leaves beside plain files is thrown away: no link hands out a file of the worker', async () => {
    const [database, store, clips] = [freshDatabase(), made('l-store'), await source('l', 8)];
    await work(database, store, program('plants'));
    const { code, stdout } = await prepare(clips, made('l-out'), '--queue', database, '--store', store);
    expect(code).toBe(1);
    expect(stdout).toContain('TASK_CRASHED');
    expect(existsSync(join(store, 'tasks'))).toBe(false);
  });

  test.skipIf(unconfined !== '')('the process reaches its own folder and nothing else', async () => {
    const [database, store, clips] = [freshDatabase(), made('c-store'), await source('c', 8)];
    await work(database, store, program('peeks'));
    const { code, stderr } = await prepare(clips, made('c-out'), '--queue', database, '--store', store);
    expect(code).not.toBe(0);
    expect(stderr).toContain('{"users":"EACCES","out":"done","network":"EPERM"}');
  });

  test('a result that was damaged in the store is made anew', async () => {
    const [database, store, clips] = [freshDatabase(), made('g-store'), await source('g', 8)];
    const queue = ['--queue', database, '--store', store];
    await work(database, store);
    await prepare(clips, made('g-1'), ...queue);
    const [gone] = readdirSync(join(store, 'tasks'));
    writeFileSync(join(store, 'tasks', gone, '1', '000000.json'), '{}');
    const again = await prepare(clips, made('g-2'), ...queue);
    expect(again.stderr).not.toContain('TASK_RESULT_INVALID');
    const kept = readdirSync(join(store, 'tasks'), { recursive: true, encoding: 'utf8' });
    expect(kept.filter((name) => name.endsWith('.json'))).toHaveLength(2);
    expect(setAt(made('g-2')).shards).toEqual(setAt(made('g-1')).shards);
  });
});
