/** Joins the queue that `serve` fills, from this or another machine: to work it, or to send to it. No pages, no API. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, errors } from '../base/errors.ts';
import { readPins } from '../detect/pins.ts';
import type { AcceptParts } from './accept.ts';
import { Changes } from './changes.ts';
import type { ServerConfig } from './config.ts';
import { processName, type WorkKind } from './database/living.ts';
import { isLost } from './database/lost.ts';
import { migrate } from './database/migrate.ts';
import { openPostgres } from './database/postgres.ts';
import { pulse } from './database/pulse.ts';
import { Detectors } from './detectors.ts';
import { Queue } from './jobs/queue.ts';
import { Runner } from './jobs/runner.ts';
import { decideConfinement } from './sandbox/decide.ts';
import { claimStore } from './storage/claim.ts';
import { openStore } from './storage/open-store.ts';
import { Storage } from './storage/storage.ts';
import { SetCache } from './tasks/set-cache.ts';
import { takeTask } from './tasks/task-job.ts';
import { type Log, silent, tellAll } from './watch/log.ts';
import { Metrics } from './watch/metrics.ts';
import { openTraces } from './watch/traces.ts';
import { serveWatch } from './watch/watch-http.ts';

export interface WorkOptions {
  log?: Log;
  /** Another program in place of the analysis; tests bring ones that misbehave. */
  analysisScript?: URL;
  /** The same of a task. */
  taskScript?: URL;
  /** What a worker takes; clips and parts of data sets where left out. */
  kinds?: readonly WorkKind[];
}

/** Training takes a machine for hours: it is asked for. */
export const defaultKinds: readonly WorkKind[] = ['scan', 'prepare'];

/** A process that shares the queue. */
export interface Joined extends AcceptParts {
  /** Where clips come from, without secrets. */
  readonly store: string;
  /** Where its metrics and its health are told, where that was asked for. */
  readonly watchedAt?: string;
  /** Lets what runs come to its end for half of `stopSeconds`, then hands it back. */
  stop(): Promise<void>;
}

/**
 * @param config its `data` is not used: what is half done lies in a temporary folder
 * @throws QUEUE_NEEDS_DATABASE, QUEUE_NEEDS_STORE, STORE_INVALID, STORE_UNREACHABLE, DATABASE_UNREACHABLE,
 * DATABASE_NEWER, DATA_FOLDER_DIFFERS, PINS_INVALID, DETECTOR_NOT_PINNED, SANDBOX_UNAVAILABLE, METRICS_ADDRESS,
 * TRACES_INVALID
 */
export async function joinQueue(
  config: ServerConfig,
  what: 'worker' | 'sender',
  options: WorkOptions = {},
): Promise<Joined> {
  const { log: given = silent, analysisScript, taskScript } = options;
  const kinds = what === 'worker' ? (options.kinds ?? defaultKinds) : [];
  if (config.database === undefined) throw errors.QUEUE_NEEDS_DATABASE();
  if (config.store === undefined) throw errors.QUEUE_NEEDS_STORE();
  const closers: (() => Promise<unknown>)[] = [];
  const closeAll = async () => {
    for (const close of closers.splice(0).reverse()) {
      await close().catch((error) => given.tell('stop failed', { why: describe(error) }));
    }
  };
  try {
    const pins = config.pins === undefined ? undefined : await readPins(config.pins);
    const detectors = await Detectors.read(pins);
    const confined = what === 'worker' && (await decideConfinement(config, given));
    const store = await openStore(config.store);
    const scratch = await mkdtemp(join(tmpdir(), 'mesoscope-worker-'));
    closers.push(() => rm(scratch, { recursive: true, force: true }));
    const storage = new Storage(scratch, config.disk.leaveFreeMiB, store);
    await storage.open();
    const database = await openPostgres(config.database);
    closers.push(() => database.close());
    const metrics = what === 'worker' && config.metricsPort !== undefined && new Metrics(database, false);
    const log = metrics ? tellAll(given, metrics) : given;
    const traces = await openTraces(processName(what), log);
    closers.push(() => traces.close());
    await migrate(database);
    await claimStore(database, store);
    const queue = await Queue.open(database, (error) => {
      // The runner tells when the database is away, once.
      if (!isLost(error)) log.tell('queue failed', { why: describe(error) });
    });
    closers.push(() => queue.close());
    const changes = new Changes();
    const taskParts = {
      ...{ config, storage, database, queue, log, confined, sets: new SetCache(storage) },
      ...(taskScript ? { taskScript } : {}),
    };
    const runner = new Runner({
      ...{ config, storage, database, queue, log, traces, changes, detectors, confined },
      name: processName(what),
      slots: { fetch: 0, analyse: what === 'worker' ? config.job.slots : 0 },
      kinds,
      takeTask: (kind, server) => takeTask(taskParts, kind, server),
      // Addresses are fetched by servers: they know which are allowed.
      fetchClip: async () => 'open',
      ...(analysisScript ? { analysisScript } : {}),
    });
    let working = false;
    const watched =
      metrics &&
      (await serveWatch(
        { host: config.metricsHost, port: config.metricsPort ?? 0 },
        { metrics, isReady: async () => working && pulse(database) },
      ));
    if (watched) closers.push(() => watched.close());
    await runner.start();
    closers.push(() => runner.stop(config.stopSeconds / 2));
    working = true;
    closers.push(async () => {
      working = false;
    });
    return {
      ...{ config, storage, database, queue, changes, runner, detectors, log, traces },
      ...(watched ? { watchedAt: watched.url } : {}),
      store: store.name,
      stop: closeAll,
    };
  } catch (error) {
    await closeAll();
    throw error;
  }
}

/** @throws as {@link joinQueue} */
export function startWorker(config: ServerConfig, options: WorkOptions = {}): Promise<Joined> {
  return joinQueue(config, 'worker', options);
}
