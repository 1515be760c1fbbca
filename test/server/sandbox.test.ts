/** The fence around an analysis, by attack: what docs/security.md promises, and nothing less. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { defaultDetector } from '../../src/detect/default-detector.ts';
import { type ChildLimits, type ChildOutcome, runChild } from '../../src/server/jobs/child.ts';
import { decideSandbox, probeConfinement } from '../../src/server/sandbox/sandbox.ts';
import { callFilter } from '../../src/server/sandbox/seccomp.ts';
import { temporaryFolder } from '../media-fixtures.ts';
import { builtAnalysis, program } from '../server.ts';

const made = temporaryFolder();
const confinement = await probeConfinement();
const can = confinement.reason === '';
const why = can ? '' : ` (skipped: ${confinement.reason})`;

const secretText = 'the-secret-that-nobody-may-read';
let tcp: Server;
let unix: Server;
let victim: ChildProcess;
let given = '';
beforeAll(async () => {
  tcp = createServer((socket) => void socket.end()).listen(0, '127.0.0.1');
  await once(tcp, 'listening');
  unix = createServer((socket) => void socket.end()).listen(made('socket'));
  await once(unix, 'listening');
  victim = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
  const [secret, outside] = [made('secret'), made('outside')];
  await writeFile(secret, secretText, { mode: 0o600 });
  await mkdir(outside);
  const { port } = tcp.address() as { port: number };
  given = JSON.stringify({ secret, outside, port, socket: made('socket'), victim: victim.pid });
  process.env.MESOSCOPE_TEST_SECRET = secretText;
});
afterAll(() => {
  delete process.env.MESOSCOPE_TEST_SECRET;
  victim.kill('SIGKILL');
  tcp.close();
  unix.close();
});

let count = 0;
async function attack(
  name: string,
  confined = true,
  limits: Partial<ChildLimits> = {},
  script = program('attack'),
): Promise<{ outcome: ChildOutcome; said: string; out: string }> {
  const [path, out] = [made(`clip-${++count}`), made(`out-${count}`)];
  await writeFile(path, given);
  const outcome = await runChild(
    {
      ...{ clip: 'c', path, name, mediaType: 'video/mp4', detector: defaultDetector, detectorSha256: '' },
      ...{ sha256: '0'.repeat(64), sample: 'even:2', out, threads: 1 },
      limits: { seconds: 10, pixels: 1e6, sampledFrames: 10 },
    },
    {
      limits: { heapMiB: 256, memoryMiB: 1024, seconds: 60, cpuSeconds: 60, ...limits },
      signal: new AbortController().signal,
      onProgress: () => undefined,
      confined,
      script,
    },
  );
  return { outcome, said: outcome.kind === 'failed' ? outcome.error.title : outcome.kind, out };
}

describe(`a confined analysis${why}`, () => {
  test.skipIf(!can)('reads its clip, writes its folders, and runs threads', async () => {
    const { said, out } = await attack('its own files');
    expect(said).toBe('did: kept,moved');
    expect((await readdir(out)).sort()).toEqual(['kept', 'moved']);
    expect((await attack('threads')).said).toBe('did: ran');
  });

  test.skipIf(!can).each([
    ['write beside', 'EACCES'],
    ['write to home', 'EACCES'],
    ['overwrite', 'EACCES'],
    ['remove', 'EACCES'],
    ['change rights', 'EACCES'],
    ['link out', 'EXDEV'],
    ['symlink out', 'EACCES'],
    ['leave a link', 'EACCES'],
    ['read a secret', 'EACCES'],
    ['list a folder', 'EACCES'],
    ['read users', 'EACCES'],
    ['read the server’s environment', 'EACCES'],
    ['read the server’s memory', 'EACCES'],
    ['connect by TCP', 'EPERM'],
    ['connect to a socket', 'EPERM'],
    ['send by UDP', 'EPERM'],
    ['start a program', 'EPERM'],
    ['make a program', 'EPERM'],
    ['kill the server', 'EPERM'],
  ])('cannot %s', async (name, code) => {
    expect((await attack(name)).said).toBe(`refused: ${code}`);
    expect(await readFile(made('secret'), 'utf8')).toBe(secretText);
    expect(await readdir(made('outside'))).toEqual([]);
    expect(victim.exitCode).toBe(null);
  });

  test.skipIf(!can)('cannot ask for a name', async () => {
    expect((await attack('ask for a name')).said).toMatch(/^refused: /);
  });
});

// What would be possible without: these show that the attacks above are real ones.
describe('the same attacks without the fence', () => {
  test.each([
    ['write beside', 'did: undefined'],
    ['read a secret', `did: ${secretText}`],
    ['symlink out', `did: ${secretText}`],
    ['leave a link', 'did: undefined'],
    ['connect by TCP', 'did: connected'],
    ['connect to a socket', 'did: connected'],
    ['send by UDP', 'did: sent'],
    ['start a program', 'did: started\n'],
    ['make a program', 'did: made'],
  ])('%s succeed', async (name, said) => {
    expect((await attack(name, false)).said.trimEnd()).toBe(said.trimEnd());
  });
});

describe.each([...(can ? [true] : []), false])('with confined = %s', (confined) => {
  test('the environment holds no secret, and neither the user’s home nor the common folder for temporary files', async () => {
    const { said } = await attack('environment', confined);
    expect(said).toContain('PATH');
    expect(said).not.toContain(secretText);
    expect(said).not.toMatch(/MESOSCOPE/);
    const { HOME, TMPDIR } = JSON.parse(said.replace('did: ', ''));
    expect(HOME).not.toBe(process.env.HOME);
    expect(TMPDIR).toBe(HOME);
    expect(existsSync(TMPDIR)).toBe(false);
  });

  test('one that eats memory is ended, with a code', async () => {
    const { outcome } = await attack('eat memory', confined, { memoryMiB: 400 });
    expect(outcome).toMatchObject({ kind: 'failed', error: { code: 'ANALYSIS_MEMORY' }, document: null });
  });

  test('one that spins is ended by the clock, and by its processor time', async () => {
    expect((await attack('spin', confined, { seconds: 3 })).outcome).toMatchObject({
      error: { code: 'ANALYSIS_TIME' },
    });
    expect((await attack('spin', confined, { cpuSeconds: 3 })).outcome).toMatchObject({
      error: { code: 'ANALYSIS_CPU', title: expect.stringContaining('used 3 s') },
    });
  });

  test('one that fills the disk comes to the largest file', async () => {
    const { said, out } = await attack('fill the disk', confined);
    expect(said).toBe('refused: EFBIG');
    expect((await readdir(out)).join()).toBe('large');
  });
});

test('what a process says is checked like any file: a score beyond 1 is no message', async () => {
  const { outcome } = await attack('lie', false, {}, program('liar'));
  expect(outcome).toMatchObject({ kind: 'failed', document: null, error: { code: 'ANALYSIS_CRASHED' } });
});

test('one that sends a message without end costs the server no memory', async () => {
  const before = process.memoryUsage().rss;
  const { outcome } = await attack('endless', can, {}, program('flood'));
  expect(outcome).toMatchObject({
    kind: 'failed',
    error: { code: 'ANALYSIS_CRASHED', title: expect.stringContaining('more than 67108864 bytes') },
  });
  expect((process.memoryUsage().rss - before) / 2 ** 20).toBeLessThan(400);
});

test('one that floods the server with messages leaves it time for others', async () => {
  let turns = 0;
  const clock = setInterval(() => turns++, 20);
  const { outcome } = await attack('small', can, { seconds: 3 }, program('flood'));
  clearInterval(clock);
  expect(outcome).toMatchObject({ error: { code: 'ANALYSIS_TIME' } });
  expect(turns).toBeGreaterThan(20);
});

test.skipIf(!can)(`the analysis itself runs confined, and tells of what is no clip${why}`, async () => {
  const { outcome } = await attack('x.mp4', true, { heapMiB: 1024, memoryMiB: 4096 }, builtAnalysis);
  expect(outcome).toMatchObject({ kind: 'failed', error: { code: 'DETECTOR_NOT_PINNED' } });
});

describe('the decision', () => {
  const none = { landlock: 0, filter: false, reason: 'no Landlock' };
  const all = { landlock: 4, filter: true, reason: '' };

  test('confined where it can be; required or not at all; off', () => {
    expect(decideSandbox('auto', all)).toBe(true);
    expect(decideSandbox('auto', none)).toBe(false);
    expect(decideSandbox('off', all)).toBe(false);
    expect(decideSandbox('require', all)).toBe(true);
    expect(() => decideSandbox('require', none)).toThrow(
      expect.objectContaining({ code: 'SANDBOX_UNAVAILABLE', fact: expect.stringContaining('no Landlock') }),
    );
  });

  test('processors whose system calls are not known have no filter, rather than a wrong one', () => {
    expect(callFilter('x64')?.length).toBeGreaterThan(100);
    expect(callFilter('arm64')).not.toEqual(callFilter('x64'));
    for (const name of ['riscv64', 'constructor', '__proto__']) expect(callFilter(name)).toBeUndefined();
  });
});
