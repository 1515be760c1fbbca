/** Files in a folder of this machine, or one that several machines mount. */
import { createReadStream } from 'node:fs';
import { constants, copyFile, cp, mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { errors } from '../../base/errors.ts';
import type { ListedFile, Store, StoredFile } from './store.ts';

export class FolderStore implements Store {
  readonly folder: string;

  constructor(folder: string) {
    this.folder = folder;
  }

  get name(): string {
    return this.folder;
  }

  async open(key: string): Promise<StoredFile | undefined> {
    const path = this.#path(key);
    const found = await stat(path).catch(absent);
    if (!found) return undefined;
    return {
      size: found.size,
      stream: (first, last) => createReadStream(path, { start: first, end: last }),
      read: async (at, length) => {
        const file = await open(path, 'r');
        try {
          const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, at);
          return buffer.subarray(0, bytesRead);
        } finally {
          await file.close();
        }
      },
    };
  }

  get(key: string): Promise<Buffer | undefined> {
    return readFile(this.#path(key)).catch(absent);
  }

  async put(key: string, bytes: Uint8Array): Promise<void> {
    const path = this.#path(key);
    await this.#makeRoom(path);
    const file = await open(path, 'w', 0o600);
    try {
      await file.writeFile(bytes);
      await file.sync();
    } finally {
      await file.close();
    }
    await flushFile(dirname(path));
  }

  async send(path: string, key: string): Promise<void> {
    const place = this.#path(key);
    await this.#makeRoom(place);
    // Under a name of its own until it is whole.
    await copyFile(path, `${place}.part`, constants.COPYFILE_FICLONE);
    await flushFile(`${place}.part`);
    await rename(`${place}.part`, place);
    await flushFile(dirname(place));
  }

  async adopt(path: string, key: string): Promise<void> {
    const place = this.#path(key);
    await this.#makeRoom(place);
    await flushFile(path);
    try {
      await rename(path, place);
    } catch (error) {
      // Another file system.
      if ((error as NodeJS.ErrnoException).code !== 'EXDEV') throw error;
      await this.send(path, key);
      await rm(path, { force: true });
    }
    await flushFile(dirname(place));
  }

  async adoptFolder(path: string, prefix: string): Promise<void> {
    const place = this.#path(prefix);
    if (path === place) return flushFile(path);
    await mkdir(place, { recursive: true, mode: 0o700 });
    for (const name of await readdir(path)) await this.adopt(join(path, name), `${prefix}/${name}`);
    await flushFile(place);
  }

  async copyFolder(from: string, to: string): Promise<void> {
    await mkdir(dirname(this.#path(to)), { recursive: true, mode: 0o700 });
    await cp(this.#path(from), this.#path(to), { recursive: true });
    for (const name of await readdir(this.#path(to))) await flushFile(join(this.#path(to), name));
    await flushFile(this.#path(to));
  }

  async *list(prefix: string): AsyncIterable<ListedFile> {
    for (const name of (await readdir(this.#path(prefix), { recursive: true }).catch(absent)) ?? []) {
      const key = `${prefix}${name.replaceAll('\\', '/')}`;
      // It may have gone since.
      const found = await stat(this.#path(key)).catch(absent);
      if (found?.isFile()) yield { key, bytes: found.size, changed: found.mtimeMs };
    }
  }

  async remove(key: string): Promise<void> {
    await rm(this.#path(key), { recursive: true, force: true });
  }

  #path(key: string): string {
    return join(this.folder, key);
  }

  /** @throws OUTPUT_UNWRITABLE */
  async #makeRoom(path: string): Promise<void> {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 }).catch((cause: NodeJS.ErrnoException) => {
      throw errors.OUTPUT_UNWRITABLE(dirname(path), cause.code ?? 'unknown');
    });
  }
}

function absent(error: NodeJS.ErrnoException): undefined {
  if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined;
  throw error;
}

/** Makes a file, or a folder's list of names, survive a loss of power. */
export async function flushFile(path: string): Promise<void> {
  const file = await open(path, 'r');
  try {
    await file.sync();
  } catch (error) {
    // Some systems cannot flush folders; their renames are durable otherwise or not at all.
    if (!['EINVAL', 'EISDIR', 'EPERM'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
  } finally {
    await file.close();
  }
}
