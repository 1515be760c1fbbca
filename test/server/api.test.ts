/** The life of a clip through the API, on both databases, with the analysis itself. */
import type { KeyObject } from 'node:crypto';
import { existsSync, openAsBlob, readdirSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { unzipSync } from 'fflate';
import { describe, expect, test } from 'vitest';
import { detectorHash } from '../../src/detect/bundled.ts';
import { defaultDetector } from '../../src/detect/default-detector.ts';
import { scan } from '../../src/index.ts';
import { fingerprintOf, publicKeyFrom } from '../../src/report/bundle/key.ts';
import { verifyBundle } from '../../src/report/bundle/verify.ts';
import { type Clip, clipSchema } from '../../src/server/client.ts';
import { makeClip, temporaryFolder } from '../media-fixtures.ts';
import { havePostgres, noPostgresReason, withPostgres } from '../postgres.ts';
import { program, testServers, until } from '../server.ts';
import { haveSharedData, shared, skipReason } from '../shared-data.ts';

const { start } = testServers();
const made = temporaryFolder();
const freshDatabase = withPostgres();

const blob = async (path: string) => openAsBlob(path);

describe.each([
  { kind: 'embedded', runs: true, reason: '' },
  { kind: 'server', runs: havePostgres, reason: noPostgresReason },
])('with the $kind database$reason', ({ kind, runs }) => {
  const database = () => (kind === 'server' ? { database: freshDatabase() } : {});

  test.skipIf(!runs)('a clip without faces is sent, scanned, listed, rescanned and deleted', async () => {
    const server = await start(database());
    const { client, config } = server;
    expect(server.services.database.kind).toBe(kind);
    const path = await makeClip(made(`numbers-${kind}.mp4`), 30);
    const sent = await client.upload(await blob(path), {
      name: '../../etc/Ünïcode "clip".mp4',
      sample: 'even:4',
    });
    expect(sent).toMatchObject({ name: 'Ünïcode "clip".mp4', sample: 'even:4', detector: defaultDetector });
    expect(['queued', 'running']).toContain(sent.status);

    const clip = await client.finished(sent.id);
    expect(clip.error).toBeNull();
    expect(clip).toMatchObject({
      status: 'done',
      verdict: 'not_assessable',
      score: null,
      attempts: 1,
      mediaType: 'video/mp4',
    });
    expect(clip.sha256).toBe(clip.result?.clip.sha256);
    expect(clip.result?.clip.path).toBe('Ünïcode "clip".mp4');
    expect(clip.credentials?.status).toBe('absent');
    expect(clip.credentials?.statement).toContain('absence proves nothing');

    // Another analysis of the same file is a clip of its own, and both know of each other.
    const again = await client.rescan(clip.id, { detector: 'compact-dfdc-pairs' });
    const second = await client.finished(again.id);
    expect(second.result?.detector?.name).toBe('compact-dfdc-pairs');
    expect(second.sample).toBe('even:4');
    expect(second.related).toEqual([
      {
        id: clip.id,
        detector: defaultDetector,
        sample: 'even:4',
        status: 'done',
        verdict: 'not_assessable',
        score: null,
      },
    ]);

    const list = async (query: object) => (await client.list(query)).clips.map(({ id }) => id);
    expect(await list({})).toEqual([second.id, clip.id]);
    expect(await list({ detector: defaultDetector })).toEqual([clip.id]);
    expect(await list({ search: 'ünïcode' })).toEqual([second.id, clip.id]);
    expect(await list({ search: clip.sha256?.slice(0, 10) })).toEqual([second.id, clip.id]);
    expect(await list({ search: '%' })).toEqual([]);
    expect(await list({ verdict: 'inconclusive' })).toEqual([]);
    expect(await list({ status: 'done', verdict: 'not_assessable' })).toEqual([second.id, clip.id]);
    const first = await client.list({ limit: 1 });
    expect(first.total).toBe(2);
    expect(await list({ limit: 1, before: first.next ?? '' })).toEqual([clip.id]);
    expect((await client.list({ limit: 1, before: first.next ?? '' })).next).toBeNull();

    // Deleting one keeps the file for the other; deleting both leaves nothing anywhere.
    const media = () => readdirSync(join(config.data, 'media'));
    await client.delete(clip.id);
    expect(media()).toHaveLength(1);
    expect((await client.bytes(second.links.media)).size).toBe((await blob(path)).size);
    await client.delete(second.id);
    for (const folder of ['media', 'clips', 'uploads']) {
      expect(readdirSync(join(config.data, folder))).toEqual([]);
    }
    const rows = async (table: string, where = 'true') =>
      server.services.database.query(`select * from ${table} where ${where}`);
    for (const table of ['clip', 'media', 'upload']) expect(await rows(`mesoscope.${table}`)).toEqual([]);
    for (const table of ['job', 'archive']) {
      expect(await rows(`pgboss.${table}`, "name in ('analyse', 'fetch')")).toEqual([]);
    }
    await expect(client.get(clip.id)).rejects.toMatchObject({ code: 'CLIP_UNKNOWN', status: 404 });
    await expect(client.delete(clip.id)).rejects.toMatchObject({ code: 'CLIP_UNKNOWN' });
  });

  test.skipIf(!runs)('a cancelled clip stays cancelled, and nothing of it runs on', async () => {
    const { client, services, config } = await start(database(), { analysisScript: program('hang') });
    const first = await client.upload(new Blob(['one']));
    const second = await client.upload(new Blob(['two']));
    await until(async () => (await client.get(first.id)).status === 'running', 'the first runs');
    expect((await client.get(second.id)).ahead).toBe(0);
    expect((await client.cancel(second.id)).status).toBe('cancelled');
    expect((await client.cancel(first.id)).status).toBe('cancelled');
    expect(services.runner.busy).toBe(0);
    expect((await client.cancel(first.id)).status).toBe('cancelled');
    expect(existsSync(join(config.data, 'clips', first.id))).toBe(false);
    expect((await client.list({ status: 'cancelled' })).total).toBe(2);
  });

  test.skipIf(!runs)('deleting a clip that is being scanned ends its process', async () => {
    const { client, services } = await start(database(), { analysisScript: program('hang') });
    const { id } = await client.upload(new Blob(['one']));
    await until(async () => (await client.get(id)).progress?.stage === 'frames', 'it runs');
    await client.delete(id);
    expect(services.runner.busy).toBe(0);
    await expect(client.get(id)).rejects.toMatchObject({ code: 'CLIP_UNKNOWN' });
  });
});

describe(`a real clip${skipReason}`, () => {
  test.skipIf(!haveSharedData)('gets the scores of a scan, with faces, maps, report and bundle', async () => {
    const { client } = await start();
    const path = shared('dev/videos/ffpp-c40-183.mp4');
    const sampling = { kind: 'even', count: 6 } as const;
    const sent = await client.upload(await blob(path), { name: 'ffpp-c40-183.mp4', sample: 'even:6' });
    const clip = await client.finished(sent.id);
    const { result } = await scan(path, { sampling });
    // Equal but for the path that the caller chose and the seconds that it took.
    const { timing: _, ...expected } = JSON.parse(JSON.stringify(result));
    const { timing: __, ...got } = clip.result as NonNullable<Clip['result']>;
    expect(got).toEqual({ ...expected, clip: { ...expected.clip, path: 'ffpp-c40-183.mp4' } });
    expect(clip.score).toBe(result.score);

    // Every scored face has a map; the crops point at theirs, and lie where the faces are.
    expect(clip.maps).toHaveLength(result.tracks.flatMap(({ frames }) => frames).length);
    expect(clip.evidence.length).toBeGreaterThan(0);
    for (const crop of clip.evidence) {
      const map = clip.maps[clip.maps.findIndex(({ n }) => n === crop.map)];
      expect(map).toMatchObject({ trackId: crop.trackId, frameIndex: crop.frameIndex, region: crop.region });
      const face = result.tracks
        .flatMap(({ frames }) => frames)
        .find(({ frameIndex }) => frameIndex === crop.frameIndex);
      const box = face?.box as { x: number; y: number; width: number; height: number };
      expect(crop.region.centreX).toBeCloseTo(box.x + box.width / 2, 0);
      expect(crop.region.width).toBeGreaterThan(box.width);
      expect((await client.bytes(crop.url)).type).toBe('image/jpeg');
      expect((await client.bytes(map.url)).type).toBe('image/png');
    }

    const html = await (await client.bytes(clip.links.report ?? '')).text();
    expect(html).toContain('ffpp-c40-183.mp4');
    const zip = new Uint8Array(await (await client.bytes(clip.links.evidence ?? '')).arrayBuffer());
    const bundle = unzipSync(zip);
    const key = await (await client.bytes('/api/evidence-key.pem')).text();
    const maker = fingerprintOf(publicKeyFrom(key) as KeyObject);
    expect(verifyBundle(zip, maker)).toMatchObject({ ok: true });
    const entries = new TextDecoder().decode(bundle['log.jsonl']).trimEnd().split('\n');
    expect(entries.map((line) => JSON.parse(line).event)).toEqual([
      ...['begun', 'loaded', 'stage', 'stage', 'stage', 'stage', 'scored', 'written', 'bundled'],
    ]);
    expect(Object.keys(bundle)).toEqual(
      expect.arrayContaining([
        'report.html',
        'result.json',
        'crops/0.jpg',
        'maps/0.png',
        'SHA256SUMS',
        'replay.sh',
      ]),
    );
    const text = (name: string) => new TextDecoder().decode(bundle[name]);
    expect(JSON.parse(text('result.json'))).toEqual(clip.result);
    expect(JSON.parse(text('detector.json')).sha256).toBe(result.detector?.sha256);
    expect(text('replay.sh')).toContain(
      `scan ffpp-c40-183.mp4 --sample even:6 --detector ${defaultDetector}`,
    );
    expect(clipSchema.safeParse(clip).success).toBe(true);

    // Players ask for ranges, and get the very bytes.
    const bytes = await readFile(path);
    const ranged = await fetch(`${client.baseUrl}${clip.links.media}`, {
      headers: { Range: 'bytes=100-199' },
    });
    expect(ranged.status).toBe(206);
    expect(ranged.headers.get('content-range')).toBe(`bytes 100-199/${bytes.length}`);
    expect(Buffer.from(await ranged.arrayBuffer()).equals(bytes.subarray(100, 200))).toBe(true);
  });
});

test('a broken file fails with the code that a scan gives it', async () => {
  const { client } = await start();
  const clip = await client.finished(
    (await client.upload(new Blob(['no clip at all']), { name: 'x.mp4' })).id,
  );
  expect(clip).toMatchObject({ status: 'failed', verdict: null, score: null });
  expect(clip.error?.code).toBe('CLIP_NOT_MEDIA');
  expect(clip.error?.title).toContain('x.mp4');
  expect(clip.result?.error?.code).toBe('CLIP_NOT_MEDIA');
  // Where the server keeps its files is nobody's business.
  expect(JSON.stringify(clip)).not.toContain('/media/');
});

test('a list of allowed detectors: no other is offered, and a server that may use none does not start', async () => {
  const pins = made('pins.txt');
  await writeFile(pins, `${await detectorHash('compact-dfdc-pairs')}  compact-dfdc-pairs\n`);
  const { client } = await start({ pins });
  expect((await client.detectors()).map(({ name, isDefault }) => [name, isDefault])).toEqual([
    ['compact-dfdc-pairs', true],
  ]);
  expect((await client.about()).defaultDetector).toBe('compact-dfdc-pairs');
  await expect(client.upload(new Blob(['x']), { detector: defaultDetector })).rejects.toMatchObject({
    code: 'DETECTOR_UNKNOWN',
  });
  await writeFile(pins, `${'0'.repeat(64)}  nobody\n`);
  await expect(start({ pins })).rejects.toMatchObject({
    code: 'DETECTOR_NOT_PINNED',
    fact: expect.stringContaining(await detectorHash(defaultDetector)),
  });
});

test('detectors come with contract, card and file; the model file is the one that scans', async () => {
  const { client } = await start();
  const list = await client.detectors();
  expect(list.filter(({ isDefault }) => isDefault).map(({ name }) => name)).toEqual([defaultDetector]);
  const detector = await client.detector(defaultDetector);
  expect(detector.contract.name).toBe(defaultDetector);
  expect(detector.cardHtml).toContain(`<h1>${defaultDetector}</h1>`);
  expect(detector.cardHtml).not.toMatch(/<img|<script|href="(?!https:|\/detectors\/)/);
  expect((await client.bytes(detector.model)).size).toBe(detector.bytes);
  await expect(client.detector('nobody')).rejects.toMatchObject({ code: 'DETECTOR_UNKNOWN', status: 404 });
});

test('the routes of the folder, of the list and of the documentation are the same', async () => {
  const { client } = await start();
  const { routes } = await import('../../src/server/routes/index.ts');
  const files = readdirSync(new URL('../../src/server/routes/', import.meta.url)).filter(
    (file) => file !== 'index.ts',
  );
  expect(routes).toHaveLength(files.length);
  const document = JSON.parse(await (await client.bytes('/api/openapi.json')).text());
  expect(document.openapi).toBe('3.1.0');
  const listed = Object.values(document.paths as Record<string, object>).flatMap((path) => Object.keys(path));
  expect(listed).toHaveLength(files.length);
  expect(document.paths['/api/clips/{id}/crops/{file}'].get.responses['200'].content).toHaveProperty([
    'image/jpeg',
  ]);
  expect(document.paths['/api/clips'].get.responses['200'].content['application/json'].schema).toEqual({
    $ref: '#/components/schemas/ClipList',
  });
  const docs = await (await client.bytes('/api/docs')).text();
  for (const { path } of routes) expect(docs).toContain(path.replace(/\{.*?\}+$/, ''));
  expect(docs).not.toMatch(/<script|src="http|href="http/);
});
