/** What the benches of many workers share: a database, worker processes, jobs whose length is in their name. */
import { type ChildProcess, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { acceptFile, chooseScan } from '../src/server/accept.ts';
import { makeConfig } from '../src/server/config.ts';
import { type Joined, joinQueue } from '../src/server/work.ts';
import { bundle } from './built.ts';

export const at = (path: string) => fileURLToPath(new URL(path, import.meta.url));

export function option(name: string, otherwise: number): number {
  const index = process.argv.indexOf(`--${name}`);
  return index < 0 ? otherwise : Number(process.argv[index + 1]);
}

export const newFolder = () => mkdtempSync(join(tmpdir(), 'mesoscope-workers-'));

/** A process that sends and looks, and analyses nothing. */
export function joinAsSender(database: string, store: string): Promise<Joined> {
  const limits = { disk: { leaveFreeMiB: 0 }, job: { attempts: 1e6 } };
  return joinQueue(makeConfig({ database, store, ...limits }), 'sender');
}

let bundled: Promise<string> | undefined;

/** Bundled once: a compiler in each of a thousand workers would be what the bench measures. */
function stageWorker(): Promise<string> {
  bundled ??= bundle('bench/programs/stage-worker.ts');
  return bundled;
}

/** Resolves when it works. @param real the built command and true analyses, in place of the simulated stage */
export async function startWorkerProcess(
  database: string,
  store: string,
  { real = false, quiet = true } = {},
): Promise<ChildProcess> {
  if (real) {
    const child = spawn(
      process.execPath,
      [at('../dist/cli/main.js'), 'worker', '--database', database, '--store', store, '--threads', '1'],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    await once(child.stdout as NodeJS.ReadableStream, 'data');
    return child;
  }
  const child = fork(await stageWorker(), [database, store, '1'], {
    execArgv: [],
    stdio: ['ignore', 'inherit', quiet ? 'ignore' : 'inherit', 'ipc'],
  });
  await once(child, 'message');
  return child;
}

export async function stopAll(workers: Iterable<ChildProcess>): Promise<void> {
  await Promise.all(
    [...workers].map(async (worker) => {
      if (worker.exitCode !== null || worker.signalCode !== null) return;
      const ended = once(worker, 'exit');
      worker.kill('SIGTERM');
      await ended;
    }),
  );
}

/** A file of its own for each job: the same bytes would be answered without work. */
export async function sendStage(sender: Joined, folder: string, n: number, milliseconds: number) {
  const path = join(folder, `job-${n}`);
  await writeFile(path, `job ${n} of ${folder}`);
  const choice = chooseScan(sender, { client: `bench-${n % 3}` });
  return acceptFile(sender, path, { ...choice, name: `stage-${milliseconds}-${n}` });
}

export interface JobTimes {
  /** Seconds. */
  wait: number;
  took: number;
  begun: number;
  ended: number;
}

export async function jobTimes({ database }: Joined): Promise<JobTimes[]> {
  return database.query<JobTimes>(
    `select extract(epoch from started_at - created_at)::float8 as wait,
       extract(epoch from finished_at - started_at)::float8 as took,
       extract(epoch from started_at)::float8 as begun, extract(epoch from finished_at)::float8 as ended
     from mesoscope.clip where finished_at is not null`,
  );
}

/** How jobs ended, by code: `stage.mjs` ends each with CLIP_NO_FRAMES, and anything else is a job that did not wait. */
export async function endCodes({ database }: Joined): Promise<Record<string, number>> {
  const rows = await database.query<{ code: string; n: number }>(
    `select coalesce(error->>'code', status) as code, count(*)::int as n from mesoscope.clip group by 1 order by 1`,
  );
  return Object.fromEntries(rows.map(({ code, n }) => [code, n]));
}

export async function countOpen({ database }: Joined): Promise<number> {
  const [{ n }] = await database.query<{ n: number }>(
    "select count(*)::int as n from mesoscope.clip where status in ('queued', 'running')",
  );
  return n;
}

/** Transactions of this database so far. */
export async function transactions({ database }: Joined): Promise<number> {
  const [{ n }] = await database.query<{ n: number }>(
    `select (xact_commit + xact_rollback)::float8 as n from pg_stat_database where datname = current_database()`,
  );
  return n;
}
