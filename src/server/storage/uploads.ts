/**
 * Resumable uploads: the core of the tus protocol (1.0.0) with creation, termination, checksum and expiration.
 * How far an upload is, is the length of its file: that cannot disagree with the bytes.
 */
import { createHash, type Hash, randomUUID } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { open, stat, truncate } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { errors } from '../../base/errors.ts';
import { acceptUpload, type ScanChoice } from '../accept.ts';
import type { Database } from '../database/database.ts';
import type { Services } from '../services.ts';
import type { Storage } from './storage.ts';

export interface Upload extends Omit<ScanChoice, 'trace'> {
  id: string;
  length: number;
  name: string;
  clip: string | null;
  createdAt: Date;
}

export interface Piece {
  offset: number;
  body: Readable;
  checksum?: { algorithm: string; digest: Buffer } | undefined;
}

export const checksumAlgorithms = ['sha1', 'sha256', 'md5'];

/** Hashes of uploads that came in one go are kept going; more uploads at a time than this are read again at the end. */
const mostHashes = 256;

export class Uploads {
  readonly #database: Database;
  readonly #storage: Storage;
  readonly #config: Services['config'];
  readonly #writing = new Set<string>();
  readonly #hashes = new Map<string, { hash: Hash; bytes: number }>();

  constructor(database: Database, storage: Storage, config: Services['config']) {
    this.#database = database;
    this.#storage = storage;
    this.#config = config;
  }

  /** @throws UPLOAD_TOO_LARGE, UPLOAD_EMPTY, DISK_FULL */
  async create(length: number, choice: Omit<ScanChoice, 'trace'> & { name: string }): Promise<string> {
    const limit = this.#config.clip.bytes;
    if (length > limit) throw errors.UPLOAD_TOO_LARGE(length, limit);
    if (length === 0) throw errors.UPLOAD_EMPTY();
    await this.#storage.checkSpace(length);
    const id = randomUUID();
    const { name, detector, sample, client, priority } = choice;
    await (await open(this.#storage.upload(id), 'wx', 0o600)).close();
    await this.#database.query(
      `insert into mesoscope.upload (id, length, name, detector, sample, client, priority)
       values ($1, $2, $3, $4, $5, $6, $7)`,
      [id, length, name, detector, sample, client, priority],
    );
    return id;
  }

  /** @throws UPLOAD_UNKNOWN */
  async find(id: string): Promise<Upload & { offset: number }> {
    const [row] = await this.#database.query<Upload>(
      `select id, length::float8 as length, name, detector, sample, client, priority, clip, created_at as "createdAt"
       from mesoscope.upload where id = $1`,
      [id],
    );
    if (!row) throw errors.UPLOAD_UNKNOWN(id);
    if (row.clip) return { ...row, offset: row.length };
    const file = await stat(this.#storage.upload(id)).catch(() => undefined);
    if (!file) throw errors.UPLOAD_UNKNOWN(id);
    return { ...row, offset: file.size };
  }

  /**
   * Appends a piece. What arrived before a connection broke stays, but for a piece with a checksum, which comes whole
   * or not at all.
   * @returns the new offset. @throws UPLOAD_UNKNOWN, UPLOAD_OFFSET, UPLOAD_BUSY, UPLOAD_TOO_LARGE, UPLOAD_CHECKSUM
   */
  async append(id: string, { offset, body, checksum }: Piece): Promise<number> {
    if (this.#writing.has(id)) throw errors.UPLOAD_BUSY(id);
    this.#writing.add(id);
    try {
      const upload = await this.find(id);
      if (upload.offset !== offset) throw errors.UPLOAD_OFFSET(offset, upload.offset);
      if (upload.clip) return offset;
      const path = this.#storage.upload(id);
      const running = offset === 0 ? { hash: createHash('sha256'), bytes: 0 } : this.#hashes.get(id);
      const whole = running?.bytes === offset ? running : undefined;
      const piece = checksum && createHash(checksum.algorithm);
      const most = Math.min(upload.length - offset, this.#config.upload.chunkBytes);
      let bytes = 0;
      const count = new Transform({
        transform(chunk: Buffer, _, done) {
          bytes += chunk.length;
          if (bytes > most) return done(errors.UPLOAD_TOO_LARGE(offset + bytes, offset + most));
          piece?.update(chunk);
          done(null, chunk);
        },
      });
      // Hashed behind the file, so that the two agree on what a broken connection left.
      const file = createWriteStream(path, { flags: 'a' });
      const undo = async () => {
        this.#hashes.delete(id);
        await truncate(path, offset);
      };
      try {
        await pipeline(body, count, file);
      } catch (error) {
        this.#hashes.delete(id);
        if (checksum || (error as { code?: string }).code === 'UPLOAD_TOO_LARGE') await undo();
        throw error;
      }
      if (checksum && piece && !piece.digest().equals(checksum.digest)) {
        await undo();
        throw errors.UPLOAD_CHECKSUM();
      }
      if (whole && this.#hashes.size < mostHashes) {
        await hashFrom(path, offset, whole.hash);
        this.#hashes.set(id, { hash: whole.hash, bytes: offset + bytes });
      }
      return offset + bytes;
    } finally {
      this.#writing.delete(id);
    }
  }

  /**
   * Makes a clip of an upload that is complete; undefined where bytes are missing.
   * @param trace `traceparent` of the request that completed it
   */
  async finish(services: Services, id: string, trace: string | null = null): Promise<string | undefined> {
    if (this.#writing.has(id)) throw errors.UPLOAD_BUSY(id);
    this.#writing.add(id);
    try {
      const upload = await this.find(id);
      if (upload.clip) return upload.clip;
      if (upload.offset < upload.length) return undefined;
      const running = this.#hashes.get(id);
      this.#hashes.delete(id);
      const hash = running?.bytes === upload.length ? running.hash : createHash('sha256');
      if (running?.bytes !== upload.length) await hashFrom(this.#storage.upload(id), 0, hash);
      const received = { bytes: upload.length, sha256: hash.digest('hex') };
      return await acceptUpload(
        services,
        id,
        received,
        { ...choiceOf(upload), trace },
        async (queries, clip) => {
          await queries.query('update mesoscope.upload set clip = $1 where id = $2', [clip, id]);
        },
      );
    } finally {
      this.#writing.delete(id);
    }
  }

  async remove(id: string): Promise<void> {
    if (this.#writing.has(id)) throw errors.UPLOAD_BUSY(id);
    await this.find(id);
    this.#hashes.delete(id);
    await this.#database.query('delete from mesoscope.upload where id = $1', [id]);
    await this.#storage.removeUpload(id);
  }

  /** When an upload that is not written to any more is deleted. */
  expiresAt(): Date {
    return new Date(Date.now() + this.#config.upload.hours * 3_600_000);
  }

  /** Deletes what was left behind: uploads that nobody goes on with, files without a row, rows without a file. */
  async sweep(): Promise<void> {
    const age = this.#config.upload.hours * 3_600_000;
    const rows = await this.#database.query<{ id: string; clip: string | null }>(
      'select id, clip from mesoscope.upload where created_at < $1',
      [new Date(Date.now() - age)],
    );
    const old = new Set(await this.#storage.ids('uploads', age));
    for (const id of old) if (!this.#writing.has(id)) await this.#storage.removeUpload(id);
    for (const { id, clip } of rows) {
      const gone = clip !== null || !(await stat(this.#storage.upload(id)).catch(() => undefined));
      if (gone) await this.#database.query('delete from mesoscope.upload where id = $1', [id]);
    }
  }
}

const choiceOf = ({ name, detector, sample, client, priority }: Upload) => {
  return { name, detector, sample, client, priority };
};

async function hashFrom(path: string, start: number, hash: Hash): Promise<void> {
  for await (const chunk of createReadStream(path, { start, highWaterMark: 1 << 20 })) hash.update(chunk);
}
