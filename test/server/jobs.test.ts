/** What happens to clips when analyses, servers and databases die. */
import { existsSync, readdirSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { errors } from '../../src/base/errors.ts';
import { detectorHash } from '../../src/detect/bundled.ts';
import { defaultDetector } from '../../src/detect/default-detector.ts';
import { MesoscopeClient } from '../../src/server/client.ts';
import { makeConfig } from '../../src/server/config.ts';
import { runChild } from '../../src/server/jobs/child.ts';
import { startServer } from '../../src/server/server.ts';
import { makeClip, temporaryFolder } from '../media-fixtures.ts';
import { havePostgres, noPostgresReason, withPostgres } from '../postgres.ts';
import { builtAnalysis, prepareDatabase, program, startProcess, testServers, until } from '../server.ts';

const { start, folder } = testServers();
const made = temporaryFolder();
const freshDatabase = withPostgres();
const isLinux = process.platform === 'linux';

test.each([
  { name: 'crash', job: {}, code: 'ANALYSIS_CRASHED', words: 'SIGSEGV' },
  { name: 'hang', job: { seconds: 1 }, code: 'ANALYSIS_TIME', words: 'after 1 s' },
  { name: 'planter', job: { sandbox: 'off' as const }, code: 'ANALYSIS_CRASHED', words: 'left report.html' },
  { name: 'leak', job: { heapMiB: 64 }, code: 'ANALYSIS_MEMORY', words: 'limit of 64' },
  ...(isLinux
    ? [{ name: 'hog', job: { memoryMiB: 300 }, code: 'ANALYSIS_MEMORY', words: 'limit of 300' }]
    : []),
])('an analysis that does as $name does fails alone, with a code', async ({ name, job, code, words }) => {
  const { client, config, services } = await start({ job }, { analysisScript: program(name) });
  const bad = await client.finished((await client.upload(new Blob(['x']), { name: 'bad.mp4' })).id);
  expect(bad).toMatchObject({ status: 'failed', attempts: 1, score: null, verdict: null, result: null });
  expect(bad.error?.code).toBe(code);
  expect(bad.error?.title).toContain('bad.mp4');
  expect(bad.error?.title).toContain(words);
  expect(existsSync(join(config.data, 'clips', bad.id, '1'))).toBe(false);
  // The server lives, and takes the next.
  expect(services.runner.busy).toBe(0);
  expect((await client.upload(new Blob(['y']))).status).toBe('queued');
});

test('what may not be scanned is told before it costs anything', async () => {
  const path = await makeClip(made('long.mp4'), 50);
  const none = { seconds: 1e6, pixels: 1e9, sampledFrames: 1e6 };
  const end = async (name: string, sample: string, limits: Partial<typeof none>, hash?: string) => {
    const task = {
      ...{ clip: name, path, name, mediaType: 'video/mp4', detector: defaultDetector, sample },
      ...{ sha256: '0'.repeat(64), detectorSha256: hash ?? (await detectorHash(defaultDetector)) },
    };
    const outcome = await runChild(
      { ...task, out: made(`out-${name}`), threads: 1, limits: { ...none, ...limits } },
      {
        limits: { heapMiB: 1024, memoryMiB: 4096, seconds: 120, cpuSeconds: 120 },
        confined: isLinux,
        signal: new AbortController().signal,
        onProgress: () => undefined,
        script: builtAnalysis,
      },
    );
    return outcome.kind === 'failed' ? outcome.error : undefined;
  };
  expect(await end('wide.mp4', 'even:4', { pixels: 5000 })).toMatchObject({
    code: 'CLIP_TOO_LARGE',
    title: 'wide.mp4 is 96x64, more than the limit of 5000 pixels.',
  });
  expect(await end('long.mp4', 'even:4', { seconds: 1 })).toMatchObject({
    code: 'CLIP_TOO_LONG',
    title: 'long.mp4 lasts 2 s, longer than the limit of 1 s.',
  });
  expect(await end('many.mp4', 'every:2', { sampledFrames: 24 })).toMatchObject({
    code: 'SAMPLING_TOO_MANY',
    title: expect.stringContaining('25 frames'),
  });
  expect(await end('fits.mp4', 'every:2', { sampledFrames: 25 })).toBeUndefined();
  // A file that is not the one that the server read at its start.
  expect(await end('swapped.mp4', 'even:2', {}, '0'.repeat(64))).toMatchObject({
    code: 'DETECTOR_NOT_PINNED',
    title: expect.stringContaining(await detectorHash(defaultDetector)),
  });
});

test('the process of an analysis knows neither token nor database', async () => {
  process.env.MESOSCOPE_TEST_SECRET = 'hidden';
  try {
    const { client } = await start(
      { token: 'a-token-for-this-test-only' },
      { analysisScript: program('environment') },
    );
    const clip = await client.finished((await client.upload(new Blob(['x']))).id);
    expect(clip.error?.title).toContain('PATH');
    expect(clip.error?.title).not.toMatch(/SECRET|TOKEN|DATABASE|a-token/);
  } finally {
    delete process.env.MESOSCOPE_TEST_SECRET;
  }
});

test('a stop hands back what runs; the next server begins it again and counts no attempt for it', async () => {
  const first = await start({ job: { slots: 2 } }, { analysisScript: program('hang') });
  const ids = [];
  for (const text of ['a', 'b', 'c']) ids.push((await first.client.upload(new Blob([text]))).id);
  await until(async () => (await first.client.list({ status: 'running' })).total === 2, 'two run');
  const begun = Date.now();
  await first.stop();
  expect(Date.now() - begun).toBeLessThan(10_000);
  const second = await start(
    { data: first.config.data, job: { slots: 2 } },
    { analysisScript: program('slow') },
  );
  for (const id of ids)
    expect(await second.client.finished(id)).toMatchObject({ status: 'failed', attempts: 1 });
});

test('a server that was taken for dead can finish nothing any more', async () => {
  const first = await start({}, { analysisScript: program('slow') });
  const { id } = await first.client.upload(new Blob(['x']));
  await until(async () => (await first.client.get(id)).status === 'running', 'it runs');
  // As if another server had taken the clip over in the meantime.
  await first.services.database.query(
    'update mesoscope.clip set server = 4711, attempts = attempts + 1 where id = $1',
    [id],
  );
  await until(() => first.services.runner.busy === 0, 'the first gives up');
  expect(await first.client.get(id)).toMatchObject({ status: 'running', attempts: 2, error: null });
  await first.stop();
  const second = await start({ data: first.config.data }, { analysisScript: program('slow') });
  expect(await second.client.finished(id)).toMatchObject({ status: 'failed', attempts: 3 });
});

test('one folder has one server, and a database keeps to its folder', async () => {
  const { config } = await start();
  await expect(startServer(makeConfig({ port: 0, data: config.data }))).rejects.toMatchObject({
    code: 'DATA_FOLDER_BUSY',
  });
});

test('files that no row tells of are removed at the start, rows keep theirs', async () => {
  const first = await start({}, { analysisScript: program('slow') });
  const { id } = await first.client.upload(new Blob(['kept']));
  await first.client.finished(id);
  await first.stop();
  const orphan = '0f0f0f0f-0000-4000-8000-000000000000';
  await writeFile(join(first.config.data, 'media', orphan), 'left by a crash');
  await mkdir(join(first.config.data, 'clips', orphan, '1'), { recursive: true });
  await mkdir(join(first.config.data, 'clips', id, '7'), { recursive: true });
  const second = await start({ data: first.config.data });
  expect(readdirSync(join(first.config.data, 'media'))).toHaveLength(1);
  expect(readdirSync(join(first.config.data, 'clips')).includes(orphan)).toBe(false);
  expect(existsSync(join(first.config.data, 'clips', id, '7'))).toBe(false);
  expect((await second.client.bytes(`/api/clips/${id}/media`)).size).toBe(4);
});

test('a clip whose server died too often is given up, and says so', async () => {
  const first = await start({}, { analysisScript: program('hang') });
  const { id } = await first.client.upload(new Blob(['x']), { name: 'poison.mp4' });
  await until(async () => (await first.client.get(id)).status === 'running', 'it runs');
  await first.stop();
  // As it stands after a server died in its tenth attempt.
  const died = await start(
    { data: first.config.data, job: { slots: 1 } },
    { analysisScript: program('hang') },
  );
  await until(async () => (await died.client.get(id)).status === 'running', 'it runs again');
  await died.stop();
  const { openEmbedded } = await import('../../src/server/database/embedded.ts');
  const database = await openEmbedded(join(first.config.data, 'database'));
  await database.query("update mesoscope.clip set status = 'running', server = 4711, attempts = 10");
  await database.close();
  const last = await start({ data: first.config.data });
  const clip = await last.client.get(id);
  expect(clip.error).toMatchObject({
    code: 'ANALYSIS_GIVEN_UP',
    title: errors.ANALYSIS_GIVEN_UP('poison.mp4', 10).fact,
  });
});

describe.each([
  { kind: 'embedded', runs: true, reason: '' },
  { kind: 'server', runs: havePostgres, reason: noPostgresReason },
])('killed with SIGKILL, with the $kind database$reason', ({ kind, runs }) => {
  test.skipIf(!runs)('finished clips stay, waiting ones wait, the half-done one runs again', async () => {
    const data = await folder();
    if (kind === 'embedded') await prepareDatabase(join(data, 'database'));
    const args = ['--data', data, ...(kind === 'server' ? ['--database', freshDatabase()] : [])];
    const path = await makeClip(made(`killed-${kind}.mp4`), 12);
    const { openAsBlob } = await import('node:fs');
    const first = await startProcess(args);
    let client = new MesoscopeClient({ baseUrl: first.url });
    // At other frames each: the same question is answered without an analysis.
    const send = async (name: string, frames: number) =>
      (await client.upload(await openAsBlob(path), { name, sample: `even:${frames}` })).id;
    const done = await send('done.mp4', 2);
    const before = await client.finished(done);
    expect(before.status).toBe('done');
    const half = await send('half.mp4', 3);
    const waits = await send('waits.mp4', 4);
    await until(async () => (await client.get(half)).status === 'running', 'the second runs');
    first.kill('SIGKILL');
    await first.ended;

    const second = await startProcess(args);
    client = new MesoscopeClient({ baseUrl: second.url });
    expect(await client.get(done)).toEqual(before);
    expect(await client.finished(half)).toMatchObject({ status: 'done', attempts: 2 });
    expect(await client.finished(waits)).toMatchObject({ status: 'done', attempts: 1 });
    expect((await client.list()).total).toBe(3);

    const begun = Date.now();
    second.kill('SIGTERM');
    expect(await second.ended).toBe(143);
    expect(Date.now() - begun).toBeLessThan(10_000);
  });
});

test.skipIf(!havePostgres)(
  `on a database server, the next takes up what the killed one left, and no other folder is let in${noPostgresReason}`,
  async () => {
    const data = await folder();
    const database = freshDatabase();
    const dead = await startProcess([
      '--data',
      data,
      '--database',
      database,
      '--config',
      await configFile(data),
    ]);
    const client = new MesoscopeClient({ baseUrl: dead.url });
    const path = await makeClip(made('shared.mp4'), 12);
    const { openAsBlob } = await import('node:fs');
    const { id } = await client.upload(await openAsBlob(path), { sample: 'even:2' });
    await until(async () => (await client.get(id)).status === 'running', 'it runs');
    dead.kill('SIGKILL');
    await dead.ended;
    const living = await start({ data, database });
    expect(await living.client.finished(id)).toMatchObject({ status: 'done', attempts: 2 });
    const other = await folder();
    await expect(startServer(makeConfig({ port: 0, data: other, database }))).rejects.toMatchObject({
      code: 'DATA_FOLDER_DIFFERS',
    });
  },
);

async function configFile(data: string): Promise<string> {
  const path = join(data, 'config.json');
  await mkdir(data, { recursive: true });
  await writeFile(path, JSON.stringify({ job: { attempts: 3 } }));
  return path;
}
