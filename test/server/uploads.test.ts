/** Resumable uploads over connections that break, with damaged pieces, and through restarts. */
import { createHash, randomBytes } from 'node:crypto';
import { readdirSync, utimesSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { clipHeader, MesoscopeClient } from '../../src/server/client.ts';
import { program, type TestServer, testServers, until } from '../server.ts';

const { start } = testServers();
const slow = { analysisScript: program('slow') };
const tus = { 'Tus-Resumable': '1.0.0' };
const bytes = randomBytes(300_000);
const sha256 = createHash('sha256').update(bytes).digest('hex');

async function begin({ url }: TestServer, length = bytes.length, metadata = `filename ${btoa('clip.mp4')}`) {
  const headers = { ...tus, 'Upload-Length': `${length}`, 'Upload-Metadata': metadata };
  const answer = await fetch(`${url}/api/uploads`, { method: 'POST', headers });
  return { answer, location: url + (answer.headers.get('Location') ?? '') };
}

function patch(location: string, offset: number, body: Uint8Array, headers: Record<string, string> = {}) {
  return fetch(location, {
    method: 'PATCH',
    headers: {
      ...tus,
      'Content-Type': 'application/offset+octet-stream',
      'Upload-Offset': `${offset}`,
      ...headers,
    },
    body: new Uint8Array(body),
  });
}

const offsetOf = async (location: string) =>
  Number((await fetch(location, { method: 'HEAD', headers: tus })).headers.get('Upload-Offset'));

/** Sends some bytes of a piece and breaks the connection. */
async function breakOff(
  server: TestServer,
  location: string,
  offset: number,
  some: Uint8Array,
): Promise<void> {
  const asked = request(location, {
    method: 'PATCH',
    headers: {
      ...tus,
      'Content-Type': 'application/offset+octet-stream',
      'Upload-Offset': `${offset}`,
      'Content-Length': `${bytes.length - offset}`,
    },
  });
  asked.on('error', () => undefined);
  asked.write(some);
  await until(async () => {
    const { offset: now } = await server.services.uploads.find(location.split('/').at(-1) ?? '');
    return now >= offset + some.length;
  }, 'the bytes arrive');
  asked.destroy();
}

test('goes on where the connection broke, also after the server was started anew', async () => {
  const server = await start({}, slow);
  const { location } = await begin(server);
  await breakOff(server, location, 0, bytes.subarray(0, 100_000));
  await until(
    async () => (await patch(location, 100_000, bytes.subarray(100_000, 150_000))).status === 204,
    'free',
  );
  expect(await offsetOf(location)).toBe(150_000);
  // Elsewhere than it ends is refused, and changes nothing.
  expect((await patch(location, 100_000, bytes.subarray(100_000))).status).toBe(409);
  expect((await patch(location, 200_000, bytes.subarray(200_000))).status).toBe(409);
  await server.stop();

  const again = await start({ data: server.config.data }, slow);
  const moved = again.url + new URL(location).pathname;
  expect(await offsetOf(moved)).toBe(150_000);
  const last = await patch(moved, 150_000, bytes.subarray(150_000));
  expect(last.status).toBe(204);
  const id = last.headers.get(clipHeader) ?? '';
  const clip = await again.client.finished(id);
  expect(clip).toMatchObject({ name: 'clip.mp4', bytes: bytes.length, sha256 });
  expect(Buffer.from(await (await again.client.bytes(clip.links.media)).arrayBuffer()).equals(bytes)).toBe(
    true,
  );
  // Whoever lost that answer asks again; and a second clip is not made of it.
  const head = await fetch(moved, { method: 'HEAD', headers: tus });
  expect([head.headers.get(clipHeader), head.headers.get('Upload-Offset')]).toEqual([id, `${bytes.length}`]);
  expect((await again.client.list()).total).toBe(1);
  expect(readdirSync(join(again.config.data, 'uploads'))).toEqual([]);
});

test('a complete upload whose last answer never came becomes a clip once asked for', async () => {
  const server = await start({}, slow);
  const { location } = await begin(server);
  const id = location.split('/').at(-1) ?? '';
  // As after a kill between the bytes and the row: all bytes are there, no clip is.
  const piece = new Blob([bytes]).stream();
  const { Readable } = await import('node:stream');
  await server.services.uploads.append(id, { offset: 0, body: Readable.fromWeb(piece as never) });
  expect((await server.client.list()).total).toBe(0);
  const head = await fetch(location, { method: 'HEAD', headers: tus });
  expect(head.headers.get(clipHeader)).toMatch(/^[0-9a-f-]{36}$/);
  expect((await server.client.list()).clips[0]).toMatchObject({ sha256, bytes: bytes.length });
});

test('a piece with a checksum comes whole or not at all', async () => {
  const server = await start({}, slow);
  const { location } = await begin(server);
  const digest = (part: Uint8Array) => createHash('sha256').update(part).digest('base64');
  const part = bytes.subarray(0, 1000);
  const damaged = Buffer.from(part);
  damaged[500] ^= 1;
  expect((await patch(location, 0, damaged, { 'Upload-Checksum': `sha256 ${digest(part)}` })).status).toBe(
    460,
  );
  expect(await offsetOf(location)).toBe(0);
  expect((await patch(location, 0, part, { 'Upload-Checksum': `sha256 ${digest(part)}` })).status).toBe(204);
  expect(await offsetOf(location)).toBe(1000);
  expect((await patch(location, 1000, part, { 'Upload-Checksum': 'crc32 AAAA' })).status).toBe(400);
  // The hash of the whole must not have kept what was taken back.
  const last = await patch(location, 1000, bytes.subarray(1000));
  expect((await server.client.get(last.headers.get(clipHeader) ?? '')).sha256).toBe(sha256);
});

test('limits, versions, metadata and unknown uploads', async () => {
  const server = await start({ clip: { bytes: 1_000_000 }, upload: { chunkBytes: 100_000 } }, slow);
  expect((await begin(server, 1_000_001)).answer.status).toBe(413);
  expect((await begin(server, 0)).answer.status).toBe(400);
  expect((await begin(server, 10, 'filename not!base64')).answer.status).toBe(400);
  expect((await begin(server, 10, `detector ${btoa('nobody')}`)).answer.status).toBe(404);
  const without = await fetch(`${server.url}/api/uploads`, {
    method: 'POST',
    headers: { 'Upload-Length': '5' },
  });
  expect(without.status).toBe(400);
  const { location } = await begin(server, 150_000);
  // More than a piece may hold, and more than was announced: nothing of it stays.
  expect((await patch(location, 0, bytes.subarray(0, 100_001))).status).toBe(413);
  expect(await offsetOf(location)).toBe(0);
  expect((await patch(location, 0, bytes.subarray(0, 100_000))).status).toBe(204);
  expect((await patch(location, 100_000, bytes.subarray(0, 50_001))).status).toBe(413);
  expect(await offsetOf(location)).toBe(100_000);
  expect((await fetch(location, { method: 'DELETE', headers: tus })).status).toBe(204);
  expect((await fetch(location, { method: 'HEAD', headers: tus })).status).toBe(404);
  expect(readdirSync(join(server.config.data, 'uploads'))).toEqual([]);
  for (const id of ['x', '..%2f..%2fx', '00000000-0000-4000-8000-000000000000']) {
    expect((await patch(`${server.url}/api/uploads/${id}`, 0, bytes)).status).toBe(404);
  }
});

test('what nobody goes on with is deleted after its time', async () => {
  const server = await start({ upload: { hours: 1 } }, slow);
  const { location } = await begin(server);
  const id = location.split('/').at(-1) ?? '';
  await server.services.uploads.sweep();
  expect(readdirSync(join(server.config.data, 'uploads'))).toEqual([id]);
  const old = new Date(Date.now() - 3_700_000);
  utimesSync(join(server.config.data, 'uploads', id), old, old);
  await server.services.database.query('update mesoscope.upload set created_at = $1', [old]);
  await server.services.uploads.sweep();
  expect(readdirSync(join(server.config.data, 'uploads'))).toEqual([]);
  expect((await fetch(location, { method: 'HEAD', headers: tus })).status).toBe(404);
});

test('the client sends through a network that loses every third request', async () => {
  const server = await start({}, slow);
  let asked = 0;
  const client = new MesoscopeClient({
    baseUrl: server.url,
    fetch: (async (url: string, init: RequestInit) => {
      asked++;
      if (asked % 3 === 0) throw new TypeError('fetch failed');
      const answer = await fetch(url, init);
      // Lost on the way back: the server has the bytes, the client does not know.
      if (asked % 5 === 0) throw new TypeError('fetch failed');
      return answer;
    }) as typeof fetch,
  });
  const sent: number[] = [];
  const clip = await client.uploadResumable(new Blob([bytes]), {
    name: 'lossy.mp4',
    chunkBytes: 40_000,
    onProgress: (done) => void sent.push(done),
  });
  expect(clip).toMatchObject({ name: 'lossy.mp4', sha256, bytes: bytes.length });
  expect(sent.at(-1)).toBe(bytes.length);
  expect((await server.client.list()).total).toBe(1);
});
