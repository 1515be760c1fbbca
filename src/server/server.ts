/** Starts everything: data folder, database, jobs, HTTP; and stops it again. */
import type { AddressInfo } from 'node:net';
import { createAdaptorServer, type ServerType } from '@hono/node-server';
import { describe, errors } from '../base/errors.ts';
import { readPins } from '../detect/pins.ts';
import { openSigner, readSigner, type Signer } from '../report/bundle/key.ts';
import { makeApp } from './app.ts';
import { Changes } from './changes.ts';
import { checkToken, type ServerConfig } from './config.ts';
import type { Database } from './database/database.ts';
import { processName } from './database/living.ts';
import { migrate } from './database/migrate.ts';
import { Detectors } from './detectors.ts';
import { fetchClip } from './jobs/fetch-clip.ts';
import { Queue } from './jobs/queue.ts';
import { Runner } from './jobs/runner.ts';
import { decideConfinement } from './sandbox/decide.ts';
import { type AddressRules, publicOnly } from './security/address.ts';
import { Sessions } from './security/sessions.ts';
import { WrongTokens } from './security/wrong-tokens.ts';
import type { Services } from './services.ts';
import { claimStore } from './storage/claim.ts';
import { lockFolder } from './storage/lock.ts';
import { openStore } from './storage/open-store.ts';
import { Storage } from './storage/storage.ts';
import { sweep } from './storage/sweep.ts';
import { Uploads } from './storage/uploads.ts';
import { keepRemovingOldTasks } from './tasks/remove-old.ts';
import { type Log, silent, tellAll } from './watch/log.ts';
import { Metrics } from './watch/metrics.ts';
import { requestSeconds } from './watch/request-seconds.ts';
import { openTraces, type Traces } from './watch/traces.ts';

/** Addresses that are read at a time. */
const fetchSlots = 2;

/** How often unfinished uploads are looked at for their age, ms. */
const sweepEvery = 600_000;

export interface StartOptions {
  log?: Log;
  /** Which addresses are fetched from; the public ones where left out. */
  rules?: AddressRules;
  /** Another program in place of the analysis; tests bring ones that misbehave. */
  analysisScript?: URL;
}

export interface RunningServer {
  /** With the port that was taken. */
  readonly url: string;
  readonly port: number;
  readonly services: Services;
  /** Ends requests, hands analyses back, closes the database; at most about `stopSeconds`. */
  stop(): Promise<void>;
}

/**
 * @throws SERVER_NEEDS_TOKEN, TOKEN_SHORT, OUTPUT_UNWRITABLE, DATA_FOLDER_BUSY, DATABASE_UNREACHABLE, DATABASE_NEWER,
 * DATA_FOLDER_DIFFERS, SERVER_ADDRESS, PINS_INVALID, DETECTOR_NOT_PINNED, KEY_INVALID, KEY_EXPOSED,
 * SANDBOX_UNAVAILABLE, TRACES_INVALID
 */
export async function startServer(config: ServerConfig, options: StartOptions = {}): Promise<RunningServer> {
  const { log: given = silent } = options;
  checkToken(config);
  const closers: (() => Promise<unknown>)[] = [];
  const closeAll = async () => {
    for (const close of closers.splice(0).reverse()) {
      await close().catch((error) => given.tell('stop failed', { why: describe(error) }));
    }
  };
  try {
    const store = await openStore(config.store ?? config.data);
    const storage = new Storage(config.data, config.disk.leaveFreeMiB, store);
    await storage.open();
    closers.push(await lockFolder(config.data));
    await storage.clearWork();
    const database = await openDatabase(config, storage);
    closers.push(() => database.close());
    const metrics = new Metrics(database, true);
    const log = tellAll(given, metrics);
    const traces = await openTraces(processName('serve'), log);
    closers.push(() => traces.close());
    await migrate(database);
    await claimStore(database, store);
    const queue = await Queue.open(database, (error) => log.tell('queue failed', { why: describe(error) }));
    closers.push(() => queue.close());
    // Outside files first: what is wrong with them is told before anything begins.
    const detectors = await Detectors.read(
      config.pins === undefined ? undefined : await readPins(config.pins),
    );
    const signer = config.evidenceKey
      ? await readSigner(config.evidenceKey)
      : await openSigner(storage.evidenceKey);
    const confined = await decideConfinement(config, log);
    const ground = { config, storage, database, queue, detectors, signer, confined, metrics, traces, log };
    const { services, stopping } = await assemble(ground, options);
    const { runner } = services;
    const removed = await sweep(database, storage);
    if (removed > 0) log.tell('swept', { files: removed });
    await services.uploads.sweep();
    const sweeper = setInterval(() => {
      services.uploads.sweep().catch((error) => log.tell('sweep failed', { why: describe(error) }));
    }, sweepEvery);
    closers.push(async () => clearInterval(sweeper));
    closers.push(keepRemovingOldTasks({ database, storage, config, log }));
    await runner.start();
    closers.push(() => runner.stop());
    const server = createAdaptorServer({ fetch: makeApp(services).fetch }) as ServerType;
    const port = await listen(server, config);
    closers.push(() => closeHttp(server, config.stopSeconds));
    closers.push(async () => stopping.abort());
    return {
      url: `http://${shownHost(config.host)}:${port}`,
      port,
      services,
      stop: closeAll,
    };
  } catch (error) {
    await closeAll();
    throw error;
  }
}

async function openDatabase(config: ServerConfig, storage: Storage): Promise<Database> {
  // Loaded when met: each brings a database driver of its own.
  if (config.database === undefined) {
    return (await import('./database/embedded.ts')).openEmbedded(storage.database);
  }
  return (await import('./database/postgres.ts')).openPostgres(config.database);
}

interface Ground {
  config: ServerConfig;
  storage: Storage;
  database: Database;
  queue: Queue;
  detectors: Detectors;
  signer: Signer;
  confined: boolean;
  metrics: Metrics;
  traces: Traces;
  log: Log;
}

async function assemble(ground: Ground, { rules, analysisScript }: StartOptions) {
  const { config, storage, database, metrics } = ground;
  const stopping = new AbortController();
  const changes = new Changes();
  const addressRules = rules ?? publicOnly(config.url.ports);
  const fetchParts = { ...ground, changes, rules: addressRules };
  const runner = new Runner({
    ...ground,
    changes,
    name: processName('serve'),
    slots: { fetch: fetchSlots, analyse: config.job.slots },
    // Tasks are for workers: here somebody waits for a clip.
    kinds: ['scan'],
    fetchClip: (clip, signal) => fetchClip(fetchParts, clip, signal),
    ...(analysisScript ? { analysisScript } : {}),
  });
  const services: Services = {
    ...ground,
    changes,
    requestSeconds: requestSeconds(metrics.registry),
    runner,
    uploads: new Uploads(database, storage, config),
    sessions: new Sessions(config.token),
    wrongTokens: new WrongTokens(config.rate.wrongTokens),
    rules: addressRules,
    streams: new Map(),
    stopping: stopping.signal,
  };
  return { services, stopping };
}

function listen(server: ServerType, { host, port }: ServerConfig): Promise<number> {
  // A long upload may take as long as it sends something; see `upload.idleSeconds`.
  if ('requestTimeout' in server) server.requestTimeout = 0;
  return new Promise((resolve, reject) => {
    server.once('error', (error) => reject(errors.SERVER_ADDRESS(host, port, describe(error))));
    server.listen(port, host.replace(/^\[|\]$/g, ''), () => resolve((server.address() as AddressInfo).port));
  });
}

/** Lets requests that go on come to their end, and cuts off what takes longer. */
async function closeHttp(server: ServerType, seconds: number): Promise<void> {
  const closed = new Promise<void>((resolve) => void server.close(() => resolve()));
  if ('closeIdleConnections' in server) server.closeIdleConnections();
  const cut = setTimeout(
    () => {
      if ('closeAllConnections' in server) server.closeAllConnections();
    },
    (seconds * 1000) / 2,
  );
  await closed;
  clearTimeout(cut);
}

function shownHost(host: string): string {
  return host.includes(':') && !host.startsWith('[') ? `[${host}]` : host;
}
