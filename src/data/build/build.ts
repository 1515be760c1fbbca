/**
 * Builds a data set: units of work in worker threads → parts → shards → manifest and report.
 *
 *     OUT/shards/shard-000000.tar …   WebDataset: KEY.jpg, KEY.json, KEY.mask.png
 *     OUT/manifest.csv                the items, whose files are paths through the shards
 *     OUT/report.json                 what was made, what was left out and why, what failed
 *     OUT/.build/                     the journal: plan.json, parts not yet in a shard, a record a shard
 *
 * It may be killed anywhere. A unit is done when its part's JSON has its name, a shard when both its record and the
 * shard have theirs; everything is flushed before it is renamed. Started again with the same plan, a build goes on
 * with the units that are not done, and the shards come out the same to the byte.
 */
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Worker } from 'node:worker_threads';
import { errors } from '../../base/errors.ts';
import { sha256 } from '../../base/hash.ts';
import { startWorker, unpackError, type WorkerModule } from '../../base/worker.ts';
import type { DroppedItem } from '../manifest.ts';
import type { PartRecord } from './part.ts';
import { finish, type SetReport } from './report.ts';
import { Sealer } from './sealing.ts';
import type { UnitReply, UnitRequest } from './unit-worker.ts';
import { unwritable, writeWholeText } from './whole-file.ts';

export interface BuildOptions<S, U> {
  out: string;
  /** What makes the set: `prepare`, `synthesize`. */
  kind: string;
  /** All that decides what is made, as plain JSON; a build is continued only with the same. */
  plan: Readonly<Record<string, unknown>>;
  units: readonly U[];
  /** Module that calls `serveUnits`. */
  worker: WorkerModule | URL;
  settings: S;
  workers: number;
  manifest: 'csv' | 'parquet';
  /** A shard is closed before it grows beyond this. */
  shardBytes?: number;
  /** What the source's layout refused already. */
  dropped: readonly DroppedItem[];
  /** What was left out on purpose before the work began: no failure. */
  leftOut?: readonly DroppedItem[];
  /** Names a unit for the progress display. */
  nameOf(unit: U): string;
  /**
   * Another way to make units than in threads of this process: writes a part for each of `waiting` into the folder and
   * gives it to `take`, in any order.
   */
  make?(work: ElsewhereWork<S, U>): Promise<void>;
  onBegin?(state: { done: number; total: number; damaged: readonly string[] }): void;
  onUnit?(name: string, part: PartRecord): void;
  signal?: AbortSignal;
}

export interface ElsewhereWork<S, U> {
  units: readonly U[];
  settings: S;
  /** Indices of the units that are not done. */
  waiting: readonly number[];
  /** Where parts go: see part.ts. */
  folder: string;
  take(part: PartRecord): Promise<void>;
}

export const defaultShardBytes = 256 * 2 ** 20;

/** Throws OUTPUT_UNWRITABLE, BUILD_DIFFERS, BUILD_BUSY, the signal's reason, and what a worker could not continue after. */
export async function build<S, U>(options: BuildOptions<S, U>): Promise<SetReport> {
  const { out, units } = options;
  const buildFolder = join(out, '.build');
  try {
    await mkdir(join(out, 'shards'), { recursive: true });
    await mkdir(buildFolder, { recursive: true });
  } catch (thrown) {
    throw unwritable(out, thrown);
  }
  const unlock = await lock(out, join(buildFolder, 'lock'));
  try {
    await checkPlan(options, join(buildFolder, 'plan.json'));
    const sealer = await Sealer.open(out, units.length, options.shardBytes ?? defaultShardBytes);
    const done = sealer.done();
    options.onBegin?.({ done: done.size, total: units.length, damaged: sealer.damaged });
    const began = performance.now();
    const waiting = [...units.keys()].filter((unit) => !done.has(unit));
    if (options.make) await makeElsewhere(options, options.make, buildFolder, waiting, sealer);
    else await runUnits(options, buildFolder, waiting, sealer);
    await sealer.seal();
    return await finish(options, sealer, (performance.now() - began) / 1000);
  } finally {
    await unlock();
  }
}

/** One process a folder; a lock whose process is gone is stale. */
async function lock(out: string, path: string): Promise<() => Promise<void>> {
  for (let attempt = 0; ; attempt++) {
    try {
      await writeFile(path, String(process.pid), { flag: 'wx' });
      return () => rm(path, { force: true });
    } catch (thrown) {
      if ((thrown as NodeJS.ErrnoException).code !== 'EEXIST' || attempt > 2) throw unwritable(out, thrown);
      const pid = Number(existsSync(path) ? readFileSync(path, 'utf8') : 0);
      if (pid > 0 && isAlive(pid)) throw errors.BUILD_BUSY(out, pid);
      await rm(path, { force: true });
    }
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (thrown) {
    return (thrown as NodeJS.ErrnoException).code === 'EPERM';
  }
}

async function checkPlan<S, U>({ out, kind, plan, units }: BuildOptions<S, U>, path: string): Promise<void> {
  const full: Record<string, unknown> = { kind, ...plan, units: sha256(JSON.stringify(units)) };
  if (!existsSync(path)) return writeWholeText(path, JSON.stringify(full, null, 1));
  const before = JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>;
  const keys = [...new Set([...Object.keys(before), ...Object.keys(full)])];
  const differing = keys.filter((key) => JSON.stringify(before[key]) !== JSON.stringify(full[key]));
  if (differing.length === 0) return;
  const words = differing.map((key) =>
    key === 'units'
      ? 'the source’s files'
      : `${key}: ${JSON.stringify(before[key])} then, ${JSON.stringify(full[key])} now`,
  );
  throw errors.BUILD_DIFFERS(out, words.join('; '));
}

async function makeElsewhere<S, U>(
  { units, settings, nameOf, onUnit, signal }: BuildOptions<S, U>,
  make: NonNullable<BuildOptions<S, U>['make']>,
  folder: string,
  waiting: readonly number[],
  sealer: Sealer,
): Promise<void> {
  const take = async (part: PartRecord) => {
    await sealer.add(part);
    onUnit?.(nameOf(units[part.unit]), part);
  };
  await make({ units, settings, waiting, folder, take });
  signal?.throwIfAborted();
}

async function runUnits<S, U>(
  { units, worker: url, settings, workers, nameOf, onUnit, signal }: BuildOptions<S, U>,
  buildFolder: string,
  waiting: readonly number[],
  sealer: Sealer,
): Promise<void> {
  const queue = [...waiting];
  // Shards are sealed one after the other while the threads go on.
  let sealing: Promise<void> = Promise.resolve();
  const threads = new Set<Worker>();
  const run = () =>
    new Promise<void>((done, fail) => {
      const worker = startWorker(url, { workerData: { buildFolder, settings } });
      threads.add(worker);
      const next = () => {
        const unit = signal?.aborted ? undefined : queue.shift();
        const request: UnitRequest =
          unit === undefined ? { unit: -1, data: undefined } : { unit, data: units[unit] };
        worker.postMessage(request);
      };
      worker.on('message', (reply: UnitReply) => {
        if (reply.error) {
          fail(unpackError(reply.error));
          return worker.postMessage({ unit: -1, data: undefined } satisfies UnitRequest);
        }
        const { part } = reply;
        sealing = sealing.then(() => sealer.add(part));
        sealing.catch((thrown) => {
          queue.length = 0;
          fail(thrown);
        });
        onUnit?.(nameOf(units[part.unit]), part);
        next();
      });
      worker.on('error', fail);
      worker.on('exit', () => {
        threads.delete(worker);
        done();
      });
      next();
    });
  try {
    await Promise.all(Array.from({ length: Math.min(workers, waiting.length) }, run));
    await sealing;
    signal?.throwIfAborted();
  } finally {
    // After a failure: the other threads finish the unit in hand, which the next start then finds done.
    queue.length = 0;
    await Promise.all([...threads].map((worker) => new Promise((gone) => worker.once('exit', gone))));
    await sealing.catch(() => undefined);
  }
}
