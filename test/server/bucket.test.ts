/** A server, a worker and the command line that share a bucket, as machines without a common folder do. */
import { openAsBlob, readdirSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { afterEach, describe, expect, test } from 'vitest';
import { verifyBundle } from '../../src/report/bundle/verify.ts';
import { makeConfig } from '../../src/server/config.ts';
import { forPeople } from '../../src/server/watch/log.ts';
import { type Joined, startWorker } from '../../src/server/work.ts';
import { withBucket } from '../bucket.ts';
import { command } from '../command.ts';
import { makeClip, temporaryFolder } from '../media-fixtures.ts';
import { havePostgres, noPostgresReason, withPostgres } from '../postgres.ts';
import { bucketName } from '../s3.ts';
import { builtAnalysis, testServers } from '../server.ts';

const { start } = testServers();
const made = temporaryFolder();
const freshDatabase = withPostgres();
const store = `s3://${bucketName}/mesoscope`;

const bucket = withBucket();

let worker: Joined | undefined;
afterEach(async () => {
  await worker?.stop();
  worker = undefined;
  bucket().objects.clear();
  bucket().requests.length = 0;
});

const work = async (database: string, lines: string[] = []) => {
  const config = makeConfig({ database, store, stopSeconds: 4, disk: { leaveFreeMiB: 0 } });
  worker = await startWorker(config, {
    analysisScript: builtAnalysis,
    log: forPeople((line) => void lines.push(line)),
  });
  return worker;
};

const scan = (...args: string[]) => command(['scan', ...args]);

describe.skipIf(!havePostgres)(`a bucket${noPostgresReason}`, () => {
  test('holds clips and results; a worker reads ranges, and the pages get all of it', async () => {
    const database = freshDatabase();
    const { client, config } = await start({ database, store, job: { slots: 0 } });
    const path = await makeClip(made('ranges.mp4'), 60);
    const { id } = await client.upload(await openAsBlob(path), { name: 'ranges.mp4', sample: 'even:3' });
    expect(readdirSync(config.data).filter((name) => ['media', 'clips'].includes(name))).toEqual([]);
    bucket().requests.length = 0;
    await work(database);
    const clip = await client.finished(id);
    expect(clip).toMatchObject({ status: 'done', attempts: 1 });
    expect(clip.result?.clip).toMatchObject({ path: 'ranges.mp4', frames: 60, sha256: clip.sha256 });
    const reads = bucket().requests.filter(({ key }) => key.includes('/media/'));
    expect(reads.length).toBeGreaterThan(0);
    expect(reads.every(({ range }) => range !== undefined)).toBe(true);
    expect(await (await client.bytes(clip.links.report as string)).text()).toContain('ranges.mp4');
    const sent = Buffer.from(await (await client.bytes(clip.links.media)).arrayBuffer());
    expect(sent.equals(await readFile(path))).toBe(true);
    await client.delete(id);
    expect([...bucket().objects.keys()]).toEqual(['mesoscope/folder-id']);
  });

  test('that does not answer costs a clip time, not its result', async () => {
    const database = freshDatabase();
    const { client } = await start({ database, store, job: { slots: 0 } });
    const path = await makeClip(made('cut.mp4'), 12);
    const { id } = await client.upload(await openAsBlob(path), { name: 'cut.mp4', sample: 'even:2' });
    const lines: string[] = [];
    await work(database, lines);
    bucket().cut(12);
    const clip = await client.finished(id);
    expect(clip).toMatchObject({ status: 'done', attempts: 1, error: null });
    expect(lines.join('\n')).toContain('did not answer');
    const [row] = await worker!.database.query<{ lost: number }>('select lost from mesoscope.clip');
    expect(row.lost).toBeGreaterThan(0);
  });

  test('a broken file fails with the code that a scan gives it, at once', async () => {
    const database = freshDatabase();
    const { client } = await start({ database, store, job: { slots: 0 } });
    const { id } = await client.upload(new Blob(['no clip at all']), { name: 'notes.txt' });
    await work(database);
    expect(await client.finished(id)).toMatchObject({
      status: 'failed',
      attempts: 1,
      error: { code: 'CLIP_NOT_MEDIA', title: expect.stringContaining('notes.txt') },
    });
  });

  test('mesoscope scan --queue sends clips, waits, and writes what a scan writes', async () => {
    const database = freshDatabase();
    await work(database);
    const path = await makeClip(made('sent.mp4'), 12);
    const args = [path, made('missing.mp4'), '--queue', database, '--store', store, '--sample', 'even:2'];
    const signing = ['--bundle', '--evidence-key', made('key.pem')];
    const first = await scan(...args, '--out', made('results'), '--json', ...signing);
    expect(first.stderr).toContain('CLIP_MISSING');
    expect(first.code).toBe(1);
    const results = first.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(results.map(({ status }) => status)).toEqual(['not_assessable', 'error']);
    expect(results[0]).toMatchObject({ clip: { path, frames: 12 }, settings: { sample: 'even:2' } });
    expect(JSON.parse(await readFile(made('results/sent.mp4.json'), 'utf8'))).toEqual(results[0]);
    expect(await readFile(made('results/sent.mp4.html'), 'utf8')).toContain('sent.mp4');
    expect(readdirSync(made('results')).sort()).toContain('summary.html');
    const bundle = verifyBundle(await readFile(made('results/sent.mp4.evidence.zip')));
    expect(bundle).toMatchObject({ ok: true, result: { clip: { path, sha256: results[0].clip.sha256 } } });

    const pins = made('pins.txt');
    await writeFile(pins, `${'0'.repeat(64)}  nobody\n`);
    expect((await scan(...args, '--pin', pins)).stderr).toContain('DETECTOR_NOT_PINNED');

    // Nobody works any more, and nothing is sent again: the result is known.
    await worker?.stop();
    worker = undefined;
    bucket().requests.length = 0;
    const again = await scan(path, ...args.slice(2), '--json');
    expect(again.code).toBe(0);
    expect(JSON.parse(again.stdout)).toEqual(results[0]);
    expect(bucket().requests.filter(({ key }) => key.includes('/media/'))).toEqual([]);
  });

  test('what a queue cannot do is refused before anything is sent', async () => {
    for (const option of [['--stability'], ['--seed', '3'], ['--archive'], ['--device', 'webgpu']]) {
      const said = await scan('x.mp4', '--queue', 'postgres://nobody.invalid/x', ...option);
      expect(said.code).toBe(2);
      expect(said.stderr).toContain(`${option[0]} is not for --queue`);
    }
    expect((await scan('x.mp4', '--queue', 'postgres://nobody.invalid/x')).stderr).toContain(
      'QUEUE_NEEDS_STORE',
    );
  });
});

test('the names of the bucket’s files are not those that people sent', async () => {
  // Keys are ids alone: see storage.ts.
  const { FolderStore } = await import('../../src/server/storage/folder-store.ts');
  const { Storage } = await import('../../src/server/storage/storage.ts');
  const storage = new Storage(made('x'), 0, new FolderStore(made('x')));
  expect(() => storage.mediaPath('../../etc/passwd')).toThrow('is no id');
  await expect(storage.removeClip('a/b')).rejects.toThrow('is no id');
});
