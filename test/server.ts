/** Started servers for tests: random ports, folders of their own, the database that is asked for. */
import { fork } from 'node:child_process';
import { cp, mkdtemp, readdir, readFile, rename, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach } from 'vitest';
import { MesoscopeClient } from '../src/server/client.ts';
import { makeConfig, type ServerConfig } from '../src/server/config.ts';
import { type RunningServer, type StartOptions, startServer } from '../src/server/server.ts';
import { forPeople } from '../src/server/watch/log.ts';

const root = fileURLToPath(new URL('../', import.meta.url));

/** As users run it: starting TypeScript would take every analysis a second more. `npm test` builds first. */
export const builtAnalysis = new URL('../dist/workers/server-jobs-worker.js', import.meta.url);

/** What scans for the command line. */
export const builtScan = new URL('../dist/workers/server-confined-worker.js', import.meta.url);

/** The same of tasks. */
export const builtTask = new URL('../dist/workers/server-tasks-worker.js', import.meta.url);

/** Programs in place of the analysis; see test/server/programs. */
export const program = (name: string): URL => new URL(`./server/programs/${name}.mjs`, import.meta.url);

type Given = { [K in keyof ServerConfig]?: Partial<ServerConfig[K]> | ServerConfig[K] };

export interface TestServer extends RunningServer {
  client: MesoscopeClient;
  config: ServerConfig;
  lines: string[];
}

/** Starts servers and stops those that are left after each test; folders go at the end. */
export function testServers(): {
  folder: () => Promise<string>;
  start: (given?: Given, options?: StartOptions) => Promise<TestServer>;
} {
  const running = new Set<RunningServer>();
  const folders: string[] = [];
  afterEach(async () => {
    for (const server of running) await server.stop();
    running.clear();
  });
  afterAll(async () => {
    for (const folder of folders) await rm(folder, { recursive: true, force: true });
  });
  const folder = async () => {
    const made = await mkdtemp(join(tmpdir(), 'mesoscope-server-'));
    folders.push(made);
    return made;
  };
  return {
    folder,
    start: async (given = {}, options = {}) => {
      const data = given.data ?? (await folder());
      const config = makeConfig({ port: 0, stopSeconds: 4, disk: { leaveFreeMiB: 0 }, ...given, data });
      if (config.database === undefined) await prepareDatabase(join(config.data, 'database'));
      const lines: string[] = [];
      const server = await startServer(config, {
        log: forPeople((line) => void lines.push(line)),
        analysisScript: builtAnalysis,
        ...options,
      });
      running.add(server);
      const client = new MesoscopeClient({
        baseUrl: server.url,
        ...(config.token ? { token: config.token } : {}),
      });
      return Object.assign(server, { client, config, lines });
    },
  };
}

/** Making a PGlite folder takes seconds; copying one takes none. The first is kept for the next run of the tests. */
export async function prepareDatabase(folder: string): Promise<void> {
  if ((await readdir(folder).catch(() => [])).length > 0) return;
  const entry = createRequire(import.meta.url).resolve('@electric-sql/pglite');
  const { version } = JSON.parse(await readFile(packageOf(entry), 'utf8'));
  const template = join(root, 'node_modules/.cache', `mesoscope-pglite-${version}`);
  if ((await readdir(template).catch(() => [])).length === 0) {
    const { PGlite } = await import('@electric-sql/pglite');
    const fresh = await mkdtemp(join(tmpdir(), 'mesoscope-pglite-'));
    await (await PGlite.create({ dataDir: fresh })).close();
    await cp(fresh, `${template}-${process.pid}`, { recursive: true });
    // Another test process may have been quicker: then its folder stays.
    await rename(`${template}-${process.pid}`, template).catch(() => undefined);
    await rm(`${template}-${process.pid}`, { recursive: true, force: true });
    await rm(fresh, { recursive: true, force: true });
  }
  await cp(template, folder, { recursive: true });
}

function packageOf(entry: string): string {
  const end = entry.indexOf('pglite/') + 'pglite/'.length;
  return `${entry.slice(0, end)}package.json`;
}

/** `mesoscope serve` or `worker` as a process, as the last build made it, to be killed. */
export async function startProcess(
  args: readonly string[],
  env: Record<string, string> = {},
  command: 'serve' | 'worker' = 'serve',
): Promise<{
  url: string;
  pid: number;
  stderr: () => string;
  ended: Promise<number | null>;
  kill: (signal: NodeJS.Signals) => void;
}> {
  const first = command === 'serve' ? ['serve', '--port', '0'] : ['worker'];
  const child = fork(join(root, 'dist/cli/main.js'), [...first, ...args], {
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    env: { ...process.env, ...env },
  });
  let stderr = '';
  const ended = new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code)));
  const url = await new Promise<string>((resolve, reject) => {
    let said = '';
    child.stdout?.on('data', (bytes: Buffer) => {
      said += bytes;
      const [, address] = /serves at (\S+)|with clips from (\S+)/.exec(said)?.filter(Boolean) ?? [];
      if (address) resolve(address);
    });
    child.stderr?.on('data', (bytes: Buffer) => {
      stderr += bytes;
      // With `--log json` nothing is said on stdout.
      const [, address] = /"event":"started","(?:url|store)":"([^"]+)"/.exec(stderr) ?? [];
      if (address) resolve(address);
    });
    void ended.then((code) => reject(new Error(`${command} ended with ${code}: ${stderr}`)));
  });
  return {
    url,
    pid: child.pid as number,
    stderr: () => stderr,
    ended,
    kill: (signal) => void child.kill(signal),
  };
}

/** Waits until something holds. */
export async function until(
  holds: () => Promise<boolean> | boolean,
  what: string,
  milliseconds = 30_000,
): Promise<void> {
  const end = Date.now() + milliseconds;
  while (!(await holds())) {
    if (Date.now() > end) throw new Error(`not within ${milliseconds} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
