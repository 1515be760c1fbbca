/** Everything about a server that can be set, in one place: limits, times, sizes. docs/server.md lists it for people. */
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { describe, errors } from '../base/errors.ts';

const MiB = 2 ** 20;
const positive = z.number().positive();
const count = z.int().positive();

const processLimits = (limits: Record<'heapMiB' | 'memoryMiB' | 'seconds' | 'cpuSeconds', number>) =>
  z
    .strictObject({
      heapMiB: count.default(limits.heapMiB),
      memoryMiB: count.default(limits.memoryMiB),
      seconds: positive.default(limits.seconds),
      cpuSeconds: positive.default(limits.cpuSeconds),
    })
    .prefault({});

/** Shortest token that is taken. 16 characters of a random token are 64 bits and more. */
export const shortestToken = 16;

export const configSchema = z.strictObject({
  host: z.string().min(1).default('127.0.0.1'),
  /** 0 takes any free port. */
  port: z.int().min(0).max(65_535).default(7878),
  /** Folder of everything that is kept. */
  data: z.string().min(1).default('mesoscope-data'),
  /** `postgres://…`; the embedded database in the data folder where left out. */
  database: z.string().optional(),
  /** Folder or `s3://bucket/prefix` that clips lie in; the data folder where left out. */
  store: z.string().min(1).optional(),
  token: z.string().optional(),
  /** Host names that are answered to beside the loopback ones, in lower case without port. */
  hosts: z.array(z.string().toLowerCase()).default([]),
  /** List of the detectors that may be used, by hash; all that come along where left out. */
  pins: z.string().min(1).optional(),
  /** Private key that signs evidence bundles; one in the data folder, made on first use, where left out. */
  evidenceKey: z.string().min(1).optional(),
  /** Folder of training runs to show. */
  runs: z.string().optional(),
  /** How a log is written: for people, or a line of JSON for each event. */
  log: z.enum(['people', 'json']).default('people'),
  /** Where a worker tells its metrics and health; nowhere where left out, 0 takes any free port. A server has its own. */
  metricsPort: z.int().min(0).max(65_535).optional(),
  metricsHost: z.string().min(1).default('127.0.0.1'),
  /** Built pages. */
  pages: z.string().default(fileURLToPath(new URL('../../dist/web', import.meta.url))),
  clip: z
    .strictObject({
      bytes: count.default(4 * 1024 * MiB),
      seconds: positive.default(2 * 3600),
      /** Of a frame; 8192 x 4320. */
      pixels: count.default(35_389_440),
      /** Most frames that a sampling policy may ask for. */
      sampledFrames: count.default(2_000),
    })
    .prefault({}),
  upload: z
    .strictObject({
      /** Largest piece of a resumable upload. */
      chunkBytes: count.default(64 * MiB),
      /** An unfinished upload that was not written to for so long is deleted. */
      hours: positive.default(24),
      /** A connection that sends nothing for so long is ended. */
      idleSeconds: positive.default(60),
    })
    .prefault({}),
  url: z
    .strictObject({
      enabled: z.boolean().default(true),
      bytes: count.default(1024 * MiB),
      seconds: positive.default(600),
      redirects: z.int().min(0).default(5),
      ports: z.array(z.int()).default([80, 443]),
    })
    .prefault({}),
  job: z
    .strictObject({
      /** Analyses at a time; 0 leaves them to workers elsewhere. */
      slots: z.int().min(0).default(1),
      /** Of the decoder and the networks of one analysis; as `mesoscope scan`. */
      threads: count.default(2),
      /** JavaScript heap of the child process. */
      heapMiB: count.default(1024),
      /** All memory of the child process. Watched where /proc tells it (Linux). */
      memoryMiB: count.default(4096),
      seconds: positive.default(3600),
      /** Processor time of all threads of an analysis together. Held where there is a POSIX shell. */
      cpuSeconds: positive.default(7200),
      /** `auto`: confined where the machine can; `require`: or the server does not start; `off`: never. */
      sandbox: z.enum(['auto', 'require', 'off']).default('auto'),
      /** How often an analysis is begun that the server did not survive. */
      attempts: count.default(10),
    })
    .prefault({}),
  /** Limits of the process that makes a part of a data set; as those of `job`. */
  prepare: processLimits({ heapMiB: 2048, memoryMiB: 4096, seconds: 3600, cpuSeconds: 7200 }),
  /** Of the process that trains a run of a sweep: hours. */
  train: processLimits({ heapMiB: 2048, memoryMiB: 8192, seconds: 79_200, cpuSeconds: 633_600 }),
  /** How often what such a run can go on from is kept in the store, at most; 0 is every checkpoint of its recipe. */
  checkpointSeconds: z.number().nonnegative().default(60),
  /** What tasks left in the store is kept for so long after their end. */
  taskDays: positive.default(30),
  /** Requests a minute from one address. */
  rate: z
    .strictObject({
      reads: count.default(1_200),
      changes: count.default(300),
      wrongTokens: count.default(10),
      /** Event streams at a time. */
      streams: count.default(50),
    })
    .prefault({}),
  disk: z.strictObject({ leaveFreeMiB: z.int().min(0).default(512) }).prefault({}),
  /** What a stop waits for requests and analyses before it cuts them off. */
  stopSeconds: positive.default(8),
});
export type ServerConfig = z.infer<typeof configSchema>;

/** Defaults filled in and checked. @throws SERVER_CONFIG_INVALID */
export function makeConfig(given: unknown): ServerConfig {
  const parsed = configSchema.safeParse(given);
  if (parsed.success) return parsed.data;
  const { path, message } = parsed.error.issues[0];
  throw errors.SERVER_CONFIG_INVALID(path.join('.'), message);
}

/** A JSON file as it stands, not yet checked. @throws SERVER_CONFIG_INVALID */
export async function readConfigFile(path: string): Promise<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(await readFile(path, 'utf8'));
    return z.record(z.string(), z.unknown()).parse(value);
  } catch (error) {
    throw errors.SERVER_CONFIG_INVALID(path, describe(error));
  }
}

/** Whether only this machine reaches a server that listens there. */
export function isLoopback(host: string): boolean {
  return /^(localhost|127(\.\d{1,3}){3}|::1|\[::1\])$/i.test(host);
}

/** @throws SERVER_NEEDS_TOKEN, TOKEN_SHORT */
export function checkToken({ host, token }: Pick<ServerConfig, 'host' | 'token'>): void {
  if (token === undefined && !isLoopback(host)) throw errors.SERVER_NEEDS_TOKEN(host);
  if (token !== undefined && token.length < shortestToken) {
    throw errors.TOKEN_SHORT(token.length, shortestToken);
  }
}
