/** Files in an S3-compatible bucket: Amazon's, or any that speaks the protocol. */
import { openAsBlob } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { setTimeout } from 'node:timers/promises';
import { S3mini, S3ServiceError } from 's3mini';
import { z } from 'zod';
import { describe, errors, UserError } from '../../base/errors.ts';
import type { ListedFile, Store, StoredFile } from './store.ts';

const environmentSchema = z.object({
  AWS_ACCESS_KEY_ID: z.string().min(1),
  AWS_SECRET_ACCESS_KEY: z.string().min(1),
  AWS_REGION: z.string().min(1).optional(),
  AWS_ENDPOINT_URL_S3: z.url().optional(),
  AWS_ENDPOINT_URL: z.url().optional(),
});

const named = /^s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:\/([\w.\-/]*?))?\/*$/;

/** How often a request is sent before it counts as unanswered, and the wait before the second, ms. */
const tries = 4;
const firstWait = 250;
/** Longest that a request may take: a piece of 8 MiB on a slow line, ms. */
const patience = 60_000;
/** The most that the protocol gives. */
const listedAtOnce = 1_000;
/** Files of one analysis that are sent at a time. */
const atATime = 4;

/** Asks nothing yet. @throws STORE_INVALID */
export function openBucket(name: string, environment: NodeJS.ProcessEnv): Store {
  const [, bucket, prefix = ''] = named.exec(name) ?? [];
  if (bucket === undefined) throw errors.STORE_INVALID(name, 'it is not s3://BUCKET/PREFIX');
  const parsed = environmentSchema.safeParse(environment);
  if (!parsed.success) {
    const { path, message } = parsed.error.issues[0];
    throw errors.STORE_INVALID(name, `${path.join('.')}: ${message}`);
  }
  const given = parsed.data;
  const region = given.AWS_REGION ?? 'us-east-1';
  const endpoint =
    given.AWS_ENDPOINT_URL_S3 ?? given.AWS_ENDPOINT_URL ?? `https://s3.${region}.amazonaws.com`;
  const bare = prefix.replace(/^\/+|\/+$/g, '');
  return new BucketStore(
    name,
    bare === '' ? '' : `${bare}/`,
    new S3mini({
      accessKeyId: given.AWS_ACCESS_KEY_ID,
      secretAccessKey: given.AWS_SECRET_ACCESS_KEY,
      // In the path, and not in the host's name: servers of one's own have no names for buckets.
      endpoint: `${endpoint.replace(/\/+$/, '')}/${bucket}`,
      region,
      requestAbortTimeout: patience,
    }),
  );
}

class BucketStore implements Store {
  readonly name: string;
  readonly folder = undefined;
  readonly #prefix: string;
  readonly #bucket: S3mini;

  constructor(name: string, prefix: string, bucket: S3mini) {
    this.name = name;
    this.#prefix = prefix;
    this.#bucket = bucket;
  }

  async open(key: string): Promise<StoredFile | undefined> {
    const place = this.#prefix + key;
    const head = await this.#absent(() => this.#bucket.getObjectRaw(place, false, 0, 1));
    if (!head) return undefined;
    await head.arrayBuffer();
    const tag = head.headers.get('etag');
    // `bytes 0-0/SIZE`; a server that sends the whole tells its length.
    const size = Number(
      /\/(\d+)$/.exec(head.headers.get('content-range') ?? '')?.[1] ?? head.headers.get('content-length'),
    );
    const get = async (first: number, end: number) => {
      const answer = await this.#bucket.getObjectRaw(place, false, first, end);
      // What a key names must not change between two ranges of it: the rest would be of another file.
      if (answer.headers.get('etag') !== tag) throw errors.STORE_CHANGED(this.name, key);
      if (answer.status !== 206 && !(first === 0 && end >= size)) {
        throw new Error('it does not answer ranges');
      }
      return answer;
    };
    return {
      size,
      read: (at, length) =>
        this.#surely(async () => {
          const end = Math.min(at + length, size);
          if (end <= at) return Buffer.alloc(0);
          const bytes = Buffer.from(await (await get(at, end)).arrayBuffer());
          if (bytes.length !== end - at) throw new Error(`${bytes.length} bytes of ${end - at} came`);
          return bytes;
        }),
      stream: (first, last) => Readable.from(this.#pieces(get, first, last + 1), { objectMode: false }),
    };
  }

  /** One request after another: a player that stops looking must not have asked for all of it. */
  async *#pieces(get: (first: number, end: number) => Promise<Response>, first: number, end: number) {
    const piece = 4 * 2 ** 20;
    for (let at = first; at < end; at += piece) {
      const upTo = Math.min(at + piece, end);
      yield await this.#surely(async () => Buffer.from(await (await get(at, upTo)).arrayBuffer()));
    }
  }

  async get(key: string): Promise<Buffer | undefined> {
    const bytes = await this.#absent(async () => {
      const answer = await this.#bucket.getObjectRaw(this.#prefix + key);
      return Buffer.from(await answer.arrayBuffer());
    });
    return bytes;
  }

  async put(key: string, bytes: Uint8Array): Promise<void> {
    await this.#surely(() => this.#bucket.putObject(this.#prefix + key, bytes));
  }

  async send(path: string, key: string): Promise<void> {
    // Read as it is sent, large ones in parts.
    const blob = await openAsBlob(path);
    await this.#surely(() => this.#bucket.putAnyObject(this.#prefix + key, blob));
  }

  async adopt(path: string, key: string): Promise<void> {
    await this.send(path, key);
    await rm(path, { force: true });
  }

  async adoptFolder(path: string, prefix: string): Promise<void> {
    const names = await readdir(path);
    await each(names, async (name) => this.adopt(join(path, name), `${prefix}/${name}`));
  }

  async copyFolder(from: string, to: string): Promise<void> {
    const keys = await this.#below(from);
    if (keys.length === 0) throw new Error(`nothing lies below ${from}`);
    const start = this.#prefix.length + from.length;
    // Through here and not by the bucket's own copy: servers differ in how they read the name of the source.
    await each(keys, async (key) => {
      const bytes = await this.get(key.slice(this.#prefix.length));
      if (!bytes) throw new Error(`${key} went while it was copied`);
      await this.put(`${to}${key.slice(start)}`, bytes);
    });
  }

  async *list(prefix: string): AsyncIterable<ListedFile> {
    for (let next: string | undefined, first = true; first || next; first = false) {
      const page = await this.#surely(() =>
        this.#bucket.listObjectsPaged('/', this.#prefix + prefix, listedAtOnce, next),
      );
      for (const { Key, Size, LastModified } of page?.objects ?? []) {
        const key = Key.slice(this.#prefix.length);
        yield { key, bytes: Number(Size), changed: new Date(LastModified).getTime() };
      }
      next = page?.nextContinuationToken;
    }
  }

  async remove(key: string): Promise<void> {
    const keys = [...(/^(?:clips|tasks)\//.test(key) ? await this.#below(key) : []), this.#prefix + key];
    await each(keys, (place) => this.#surely(() => this.#bucket.deleteObject(place)));
  }

  async #below(prefix: string): Promise<string[]> {
    const found = await this.#surely(() => this.#bucket.listObjects('/', `${this.#prefix}${prefix}/`));
    return (found ?? []).map(({ Key }) => Key);
  }

  async #absent<T>(ask: () => Promise<T>): Promise<T | undefined> {
    try {
      return await this.#surely(ask);
    } catch (error) {
      if (error instanceof NothingThere) return undefined;
      throw error;
    }
  }

  /** @throws STORE_UNREACHABLE after some tries; what no try mends at once. */
  async #surely<T>(ask: () => Promise<T>): Promise<T> {
    for (let n = 1; ; n++) {
      try {
        return await ask();
      } catch (error) {
        if (error instanceof UserError) throw error;
        const status = error instanceof S3ServiceError ? error.status : undefined;
        if (status === 404) throw new NothingThere();
        const refused = status !== undefined && status < 500 && status !== 408 && status !== 429;
        if (refused || n === tries) throw errors.STORE_UNREACHABLE(this.name, describe(error));
        await setTimeout(firstWait * 4 ** (n - 1));
      }
    }
  }
}

class NothingThere extends Error {
  override name = 'NothingThere';
}

/** A few at a time; the first failure ends it. */
async function each<T>(values: readonly T[], work: (value: T) => Promise<unknown>): Promise<void> {
  const rest = values[Symbol.iterator]();
  await Promise.all(
    Array.from({ length: atATime }, async () => {
      for (const value of rest) await work(value);
    }),
  );
}
