/** Files that runs read, from the store to a folder of this machine: runs of one sweep share them, so they come once. */
import { randomUUID } from 'node:crypto';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { errors } from '../../base/errors.ts';
import { sha256 } from '../../base/hash.ts';
import type { TaskMedia } from '../database/tasks.ts';
import type { Storage } from '../storage/storage.ts';
import { copyChecked } from './checked-copy.ts';
import type { SentFile } from './payload.ts';

interface Kept {
  ready: Promise<void>;
  users: number;
}

export class SetCache {
  readonly #storage: Storage;
  readonly #kept = new Map<string, Kept>();

  constructor(storage: Storage) {
    this.#storage = storage;
  }

  /**
   * @param name for errors
   * @returns the folder that the files lie in, and what says that it is not needed any more
   * @throws TASK_FILE_GONE, STORE_UNREACHABLE, STORE_CHANGED, DISK_FULL
   */
  async open(
    name: string,
    files: readonly SentFile[],
    media: readonly TaskMedia[],
    signal: AbortSignal,
  ): Promise<{ folder: string; close: () => void }> {
    const key = sha256(JSON.stringify(files));
    const folder = join(this.#storage.folder, 'work', `set-${key}`);
    let kept = this.#kept.get(key);
    if (!kept) {
      await this.#makeRoom();
      kept = { users: 0, ready: this.#fill(name, folder, files, media, signal) };
      this.#kept.set(key, kept);
    }
    const mine = kept;
    mine.users++;
    try {
      await mine.ready;
    } catch (error) {
      mine.users--;
      if (this.#kept.get(key) === mine) this.#kept.delete(key);
      throw error;
    }
    return { folder, close: () => void mine.users-- };
  }

  /** Another set is needed: those that nobody reads go. */
  async #makeRoom(): Promise<void> {
    for (const [key, { users }] of [...this.#kept]) {
      if (users > 0) continue;
      this.#kept.delete(key);
      await rm(join(this.#storage.folder, 'work', `set-${key}`), { recursive: true, force: true });
    }
  }

  async #fill(
    name: string,
    folder: string,
    files: readonly SentFile[],
    media: readonly TaskMedia[],
    signal: AbortSignal,
  ): Promise<void> {
    const ids = new Map(media.map((file) => [file.sha256, file.id]));
    await this.#storage.checkSpace(files.reduce((sum, { bytes }) => sum + bytes, 0));
    try {
      for (const { file, sha256: hash, bytes } of files) {
        signal.throwIfAborted();
        const path = join(folder, file);
        await mkdir(dirname(path), { recursive: true });
        if (bytes === 0) await writeFile(path, '');
        else await this.#fetch(name, file, path, hash, ids.get(hash), signal);
      }
    } catch (error) {
      await rm(folder, { recursive: true, force: true });
      throw error;
    }
  }

  async #fetch(
    name: string,
    file: string,
    path: string,
    wanted: string,
    id: string | undefined,
    signal: AbortSignal,
  ): Promise<void> {
    const stored = id && (await this.#storage.openMedia(id));
    if (!stored) throw errors.TASK_FILE_GONE(name, file);
    const part = `${path}.${randomUUID()}.part`;
    const whole = await copyChecked(stored, { sha256: wanted }, part, signal);
    if (!whole) throw errors.STORE_CHANGED(this.#storage.store.name, file);
    await rename(part, path);
  }
}
