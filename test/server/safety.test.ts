/** What a server refuses: strangers, foreign pages, tricks with names and sizes, and addresses within its network. */

import { readdirSync } from 'node:fs';
import { createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { MesoscopeClient } from '../../src/server/client.ts';
import { makeConfig } from '../../src/server/config.ts';
import type { AddressRules } from '../../src/server/security/address.ts';
import { whyNotPublic } from '../../src/server/security/address.ts';
import { startServer } from '../../src/server/server.ts';
import { program, testServers, until } from '../server.ts';

const { start } = testServers();
const token = 'a-token-that-nobody-guesses-0123';

/** Headers that `fetch` does not let a caller set. */
function ask(url: string, path: string, headers: Record<string, string>, method = 'GET') {
  return new Promise<{ status: number; body: string; headers: NodeJS.Dict<string | string[]> }>(
    (resolve, reject) => {
      const asked = request(new URL(path, url), { method, headers }, (answer) => {
        let body = '';
        answer.on('data', (bytes) => {
          body += bytes;
        });
        answer.on('end', () => resolve({ status: answer.statusCode ?? 0, body, headers: answer.headers }));
      });
      asked.on('error', reject);
      asked.end();
    },
  );
}

describe('tokens', () => {
  test('a server that others reach does not start without one, nor with a short one', async () => {
    const base = { port: 0, data: '/nonexistent/never-made', host: '0.0.0.0' };
    await expect(startServer(makeConfig(base))).rejects.toMatchObject({ code: 'SERVER_NEEDS_TOKEN' });
    await expect(startServer(makeConfig({ ...base, host: '::' }))).rejects.toMatchObject({
      code: 'SERVER_NEEDS_TOKEN',
    });
    const short = startServer(makeConfig({ ...base, token: 'short' }));
    await expect(short).rejects.toMatchObject({ code: 'TOKEN_SHORT' });
    await expect(short).rejects.not.toMatchObject({ message: expect.stringContaining('"short"') });
  });

  test('all but the open routes need it, as a header or as a cookie; it is in no log', async () => {
    const server = await start({ token }, { analysisScript: program('slow') });
    const stranger = new MesoscopeClient({ baseUrl: server.url });
    expect(await stranger.about()).toMatchObject({ tokenRequired: true, signedIn: false });
    expect((await fetch(`${server.url}/api/health`)).status).toBe(200);
    const closed = [
      '/api/clips',
      '/api/clips/x/media',
      '/api/detectors',
      '/api/events',
      '/api/runs',
      '/metrics',
    ];
    for (const path of closed) expect([path, (await fetch(server.url + path)).status]).toEqual([path, 401]);
    await expect(stranger.upload(new Blob(['x']))).rejects.toMatchObject({
      code: 'TOKEN_WRONG',
      status: 401,
    });
    await expect(stranger.signIn(`${token}x`)).rejects.toMatchObject({ code: 'TOKEN_WRONG' });
    expect((await server.client.list()).total).toBe(0);

    const signedIn = await fetch(`${server.url}/api/session`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ token }),
    });
    const cookie = signedIn.headers.get('set-cookie') ?? '';
    expect(cookie).toMatch(/HttpOnly; SameSite=Strict/);
    expect(cookie).not.toContain(token);
    const [pair] = cookie.split(';');
    expect((await ask(server.url, '/api/clips', { cookie: pair })).status).toBe(200);
    expect((await ask(server.url, '/api/clips', { cookie: `${pair.slice(0, -1)}0` })).status).toBe(
      pair.endsWith('0') ? 200 : 401,
    );
    // A cookie is sent along by the browser: what changes something must come from our own pages.
    const foreign = { cookie: pair, origin: 'http://evil.example' };
    expect((await ask(server.url, '/api/clips', foreign, 'POST')).body).toContain('ORIGIN_REFUSED');
    expect(server.lines.join('\n')).not.toContain(token);
    const { body } = await ask(server.url, '/metrics', { authorization: `Bearer ${token}` });
    expect(body).toContain('mesoscope_http_request_seconds');
    expect(body).not.toContain(token);
  });

  test('who guesses waits, even with the right one', async () => {
    const server = await start({ token, rate: { wrongTokens: 3 } });
    const guess = (text: string) =>
      fetch(`${server.url}/api/clips`, { headers: { authorization: `Bearer ${text}` } });
    for (let k = 0; k < 3; k++) expect((await guess(`wrong-${k}`)).status).toBe(401);
    const late = await guess(token);
    expect(late.status).toBe(429);
    expect(Number(late.headers.get('retry-after'))).toBeGreaterThan(0);
  });
});

describe('requests', () => {
  test('of other hosts and other sites are refused', async () => {
    const { url, client } = await start();
    const port = new URL(url).port;
    expect((await ask(url, '/api/clips', { host: 'rebound.example' })).body).toContain('HOST_REFUSED');
    expect((await ask(url, '/', { host: `rebound.example:${port}` })).body).toContain('HOST_REFUSED');
    expect((await ask(url, '/api/clips', { host: `localhost:${port}` })).status).toBe(200);
    const post = (headers: Record<string, string>) => ask(url, '/api/clips/url', headers, 'POST');
    expect((await post({ origin: 'http://evil.example' })).body).toContain('ORIGIN_REFUSED');
    expect((await post({ origin: 'null' })).body).toContain('ORIGIN_REFUSED');
    // The same machine's other servers are other sites too.
    expect((await post({ origin: `http://127.0.0.1:${Number(port) + 1}` })).body).toContain('ORIGIN_REFUSED');
    expect((await post({ 'sec-fetch-site': 'same-site' })).body).toContain('ORIGIN_REFUSED');
    expect(
      (await ask(url, '/api/clips', { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors' })).body,
    ).toContain('ORIGIN_REFUSED');
    // Our own pages, and programs that are no browsers, get to the point: the body is missing.
    expect((await post({ origin: url, 'sec-fetch-site': 'same-origin' })).body).toContain('REQUEST_INVALID');
    expect((await post({})).body).toContain('REQUEST_INVALID');
    expect((await client.list()).total).toBe(0);
  });

  test('that are malformed say where', async () => {
    const { url } = await start();
    const post = async (path: string, body: string, type = 'application/json') => {
      const answer = await fetch(url + path, { method: 'POST', headers: { 'content-type': type }, body });
      expect(answer.headers.get('content-type')).toBe('application/problem+json');
      return { status: answer.status, ...(await answer.json()) };
    };
    expect(await post('/api/clips/url', '{')).toMatchObject({ status: 400, code: 'REQUEST_INVALID' });
    expect(await post('/api/clips/url', '{"url":"x","more":1}')).toMatchObject({
      status: 400,
      issues: [{ at: 'body.url' }, { at: 'body' }],
    });
    // A form could be sent by any page without asking.
    expect(await post('/api/clips/url', '{"url":"http://x.y/"}', 'text/plain')).toMatchObject({
      status: 400,
    });
    expect(await post('/api/clips/url', ' '.repeat(70_000))).toMatchObject({ status: 413 });
    expect(await post('/api/clips?sample=all', 'x')).toMatchObject({ status: 422, code: 'SAMPLING_INVALID' });
    expect(await post('/api/clips?sample=even:100000', 'x')).toMatchObject({ code: 'SAMPLING_TOO_MANY' });
    expect(await post('/api/clips?detector=../../x', 'x')).toMatchObject({
      status: 400,
      code: 'REQUEST_INVALID',
    });
    expect(await post('/api/clips?detector=nobody', 'x')).toMatchObject({
      status: 404,
      code: 'DETECTOR_UNKNOWN',
    });
    expect(await post('/api/clips', '')).toMatchObject({ code: 'UPLOAD_EMPTY' });
    const get = async (path: string) => (await (await fetch(url + path)).json()).code;
    expect(await get('/api/clips?limit=0')).toBe('REQUEST_INVALID');
    expect(await get('/api/clips?before=x')).toBe('REQUEST_INVALID');
    expect(await get("/api/clips/' or 1=1 --")).toBe('CLIP_UNKNOWN');
    expect(await get('/api/clips/..%2f..%2fetc%2fpasswd/media')).toBe('CLIP_UNKNOWN');
    expect(await get('/api/nothing')).toBe('ROUTE_UNKNOWN');
    expect(await get('/api/runs')).toBe('RUNS_NOT_SERVED');
  });

  test('that come too often wait, one address at a time', async () => {
    const { url } = await start({ rate: { reads: 5, changes: 2 } });
    const codes = async (times: number, init?: RequestInit) => {
      const all: number[] = [];
      for (let k = 0; k < times; k++) all.push((await fetch(`${url}/api/clips`, init)).status);
      return all;
    };
    expect(await codes(6)).toEqual([200, 200, 200, 200, 200, 429]);
    expect(await codes(3, { method: 'POST' })).toEqual([400, 400, 429]);
  });

  test('answers carry the headers that keep pages in', async () => {
    const { url } = await start();
    const { headers } = await fetch(`${url}/api/docs`);
    expect(headers.get('content-security-policy')).toMatch(
      /default-src 'none'.*script-src 'self' 'wasm-unsafe-eval'/,
    );
    expect(headers.get('content-security-policy')).not.toMatch(
      /unsafe-inline|unsafe-eval'(?<!wasm-unsafe-eval')|https?:/,
    );
    expect(headers.get('cross-origin-opener-policy')).toBe('same-origin');
    expect(headers.get('cross-origin-embedder-policy')).toBe('require-corp');
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('access-control-allow-origin')).toBeNull();
  });
});

describe('files', () => {
  test('over the limit are refused, announced or not, and leave nothing', async () => {
    const { client, config, url } = await start({ clip: { bytes: 1000 } });
    await expect(client.upload(new Blob(['x'.repeat(1001)]))).rejects.toMatchObject({
      code: 'UPLOAD_TOO_LARGE',
      status: 413,
    });
    const endless = new ReadableStream({ pull: (to) => to.enqueue(new Uint8Array(500)) });
    const answer = fetch(`${url}/api/clips`, {
      method: 'POST',
      body: endless,
      duplex: 'half',
    } as RequestInit);
    const seen = await answer.then(
      (got) => got.status,
      () => 'cut off',
    );
    expect([413, 'cut off']).toContain(seen);
    await until(() => readdirSync(join(config.data, 'uploads')).length === 0, 'nothing is left');
    expect(readdirSync(join(config.data, 'media'))).toEqual([]);
    expect((await client.list()).total).toBe(0);
  });

  test('whose sending broke off are not accepted', async () => {
    const { client, config, url } = await start();
    const asked = request(`${url}/api/clips`, { method: 'POST', headers: { 'content-length': '100000' } });
    asked.on('error', () => undefined);
    asked.write(Buffer.alloc(50_000));
    await until(() => readdirSync(join(config.data, 'uploads')).length === 1, 'it arrives');
    asked.destroy();
    await until(() => readdirSync(join(config.data, 'uploads')).length === 0, 'it is removed');
    expect((await client.list()).total).toBe(0);
  });
});

describe('addresses', () => {
  test.each([
    ['127.0.0.1', 'loopback'],
    ['127.9.9.9', 'loopback'],
    ['10.1.2.3', 'private'],
    ['172.16.0.1', 'private'],
    ['192.168.1.1', 'private'],
    ['169.254.169.254', 'link-local'],
    ['100.64.0.1', "provider's private"],
    ['0.0.0.0', 'unspecified'],
    ['255.255.255.255', 'broadcast'],
    ['224.0.0.1', 'multicast'],
    ['192.0.2.1', 'reserved'],
    ['::1', 'loopback'],
    ['::', 'unspecified'],
    ['fe80::1', 'link-local'],
    ['fd00::1', 'private'],
    ['::ffff:10.0.0.1', 'private'],
    ['::ffff:7f00:1', 'loopback'],
    ['64:ff9b::7f00:1', 'rfc6052'],
    ['2002:7f00:1::', '6to4'],
    ['2001:0:1::', 'teredo'],
    ['8.8.8.8', undefined],
    ['2606:4700::1111', undefined],
  ])('%s is judged %s', (address, reason) => {
    if (reason === undefined) expect(whyNotPublic(address)).toBeUndefined();
    else expect(whyNotPublic(address)).toContain(reason);
  });

  const servers: Server[] = [];
  afterEach(() => {
    for (const server of servers.splice(0)) server.close();
  });
  const serve = (answer: Parameters<typeof createServer>[1]) =>
    new Promise<number>((resolve) => {
      const server = createServer(answer);
      servers.push(server);
      server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
    });

  /** The test's own server counts as public; nothing else on this machine does. */
  const rulesFor = (port: number): AddressRules => ({
    resolve: async (host) => [{ address: host === 'inner.example' ? '10.0.0.7' : '127.0.0.1', family: 4 }],
    refuse: (address, at) => (at === port && address === '127.0.0.1' ? undefined : whyNotPublic(address)),
    ports: [port, 80, 8080],
  });

  test('within the network are refused: spelled out, by name, by odd spelling, by scheme and port', async () => {
    const { client } = await start();
    for (const url of [
      'http://127.0.0.1/x.mp4',
      'http://localhost/x.mp4',
      'http://2130706433/x.mp4',
      'http://0x7f.1/x.mp4',
      'http://[::1]/x.mp4',
      'http://[::ffff:127.0.0.1]/x.mp4',
      'http://169.254.169.254/latest/meta-data/',
      'http://8.8.8.8:22/',
    ]) {
      await expect([url, await client.fromUrl({ url }).catch((error) => error.code)]).toEqual([
        url,
        'URL_REFUSED',
      ]);
    }
    for (const url of ['file:///etc/passwd', 'ftp://8.8.8.8/x', 'http://user:secret@8.8.8.8/x']) {
      const refusal = await client.fromUrl({ url }).catch((error) => error);
      expect(refusal.code).toBe('URL_INVALID');
      expect(refusal.message).not.toContain('secret');
    }
    expect((await client.list()).total).toBe(0);
  });

  test('are fetched and scanned; redirects into the network, loops, sizes and failures end the clip alone', async () => {
    const body = Buffer.from('not a clip, but it was fetched');
    const asked: string[] = [];
    const inner = await serve((_, answer) => {
      asked.push('inner');
      answer.end('secret');
    });
    const port = await serve((incoming, answer) => {
      const to = (location: string) => answer.writeHead(302, { location }).end();
      if (incoming.url === '/clip.mp4') answer.end(body);
      else if (incoming.url === '/moved') to('/clip.mp4');
      else if (incoming.url === '/to-literal') to('http://127.0.0.1:8080/x');
      else if (incoming.url === '/to-name') to('http://inner.example/x');
      else if (incoming.url === '/to-port') to(`http://127.0.0.1:${inner}/x`);
      else if (incoming.url === '/loop') to('/loop');
      else if (incoming.url === '/large') answer.end(Buffer.alloc(5000));
      else if (incoming.url === '/unannounced') answer.writeHead(200).write(Buffer.alloc(5000));
      else if (incoming.url === '/short') {
        answer.writeHead(200, { 'content-length': '1000' }).write(Buffer.alloc(10));
        setTimeout(() => answer.destroy(), 20);
      } else answer.writeHead(404).end();
    });
    const { client, config } = await start(
      { url: { bytes: 4000, seconds: 20 } },
      { rules: rulesFor(port), analysisScript: program('slow') },
    );
    const end = async (path: string) =>
      client.finished((await client.fromUrl({ url: `http://media.example:${port}${path}` })).id);

    const moved = await end('/moved');
    expect(moved).toMatchObject({
      name: 'moved',
      bytes: body.length,
      url: `http://media.example:${port}/moved`,
    });
    expect(moved.error?.code).toBe('CLIP_NOT_MEDIA');
    expect(Buffer.from(await (await client.bytes(moved.links.media)).arrayBuffer()).equals(body)).toBe(true);

    for (const [path, code, words] of [
      ['/to-literal', 'URL_REFUSED', 'loopback'],
      ['/to-name', 'URL_REFUSED', '10.0.0.7 is a private address'],
      ['/to-port', 'URL_REFUSED', 'is not allowed'],
      ['/loop', 'URL_FAILED', 'redirects'],
      ['/large', 'UPLOAD_TOO_LARGE', '4000'],
      ['/unannounced', 'UPLOAD_TOO_LARGE', '4000'],
      ['/short', 'URL_FAILED', ''],
      ['/missing', 'URL_FAILED', '404'],
    ]) {
      const clip = await end(path);
      expect([path, clip.status, clip.error?.code]).toEqual([path, 'failed', code]);
      expect(clip.error?.title).toContain(words);
      expect(clip.sha256).toBeNull();
      await expect(client.bytes(clip.links.media)).rejects.toMatchObject({ code: 'CLIP_NOT_DONE' });
    }
    expect(asked).toEqual([]);
    expect(readdirSync(join(config.data, 'uploads'))).toEqual([]);
    expect(readdirSync(join(config.data, 'media'))).toHaveLength(1);
  });

  test('that resolve to another address the second time get the connection that was checked', async () => {
    const port = await serve((_, answer) => void answer.end('fetched'));
    let looks = 0;
    const rules: AddressRules = {
      ...rulesFor(port),
      // Public when it is checked, private ever after: the trick of DNS rebinding.
      resolve: async () => [{ address: ++looks % 2 === 1 ? '127.0.0.1' : '10.0.0.7', family: 4 }],
    };
    const { client } = await start({}, { rules, analysisScript: program('slow') });
    // Looked up once at the door, and once, refused, when it is fetched.
    const clip = await client.finished((await client.fromUrl({ url: `http://turn.example:${port}/` })).id);
    expect(clip.error?.code).toBe('URL_REFUSED');
    expect(looks).toBe(2);
  });
});
