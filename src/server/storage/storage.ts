/**
 * The data folder. Names in it are ids that the server made: nothing that a stranger sent becomes a path.
 *
 * | path                     | what                                                     |
 * | ------------------------ | -------------------------------------------------------- |
 * | `database/`              | the embedded database                                    |
 * | `media/ID`               | a clip's file, as it was sent                            |
 * | `uploads/ID`             | a resumable upload so far                                |
 * | `clips/ID/ATTEMPT/`      | what an analysis left: report, result, crops, maps, log  |
 * | `evidence-key.pem`       | the key that signs evidence bundles, if none was given   |
 */
import { randomUUID } from 'node:crypto';
import { mkdir, open, readdir, rename, rm, stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { errors } from '../../base/errors.ts';

const MiB = 2 ** 20;
const folders = ['media', 'uploads', 'clips'] as const;
const uuid = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/;

export class Storage {
  readonly folder: string;
  readonly #leaveFreeMiB: number;

  constructor(folder: string, leaveFreeMiB: number) {
    this.folder = folder;
    this.#leaveFreeMiB = leaveFreeMiB;
  }

  /** @throws OUTPUT_UNWRITABLE */
  async open(): Promise<void> {
    try {
      // What people upload is nobody else's business on this machine.
      await mkdir(this.folder, { recursive: true, mode: 0o700 });
      for (const name of folders) await mkdir(join(this.folder, name), { recursive: true, mode: 0o700 });
    } catch (cause) {
      throw errors.OUTPUT_UNWRITABLE(this.folder, (cause as NodeJS.ErrnoException).code ?? 'unknown');
    }
  }

  get database(): string {
    return join(this.folder, 'database');
  }

  get evidenceKey(): string {
    return join(this.folder, 'evidence-key.pem');
  }

  media(id: string): string {
    return join(this.folder, 'media', checked(id));
  }

  upload(id: string): string {
    return join(this.folder, 'uploads', checked(id));
  }

  clip(id: string): string {
    return join(this.folder, 'clips', checked(id));
  }

  /** Of one attempt of a clip's analysis. */
  artefacts(id: string, attempt: number): string {
    return join(this.clip(id), String(attempt));
  }

  /** @throws DISK_FULL where `bytes` more would leave too little. */
  async checkSpace(bytes = 0): Promise<void> {
    const { bavail, bsize } = await statfs(this.folder);
    const free = Math.floor((bavail * bsize - bytes) / MiB);
    if (free < this.#leaveFreeMiB) throw errors.DISK_FULL(Math.max(0, free), this.#leaveFreeMiB);
  }

  /** A finished upload becomes a clip's file. It is on the disk, its name too, when this returns. */
  async adopt(upload: string): Promise<string> {
    const media = randomUUID();
    await flushFile(this.upload(upload));
    await rename(this.upload(upload), this.media(media));
    await flushFile(join(this.folder, 'media'));
    return media;
  }

  async removeMedia(id: string): Promise<void> {
    await rm(this.media(id), { force: true });
  }

  async removeUpload(id: string): Promise<void> {
    await rm(this.upload(id), { force: true });
  }

  async removeClip(id: string): Promise<void> {
    await rm(this.clip(id), { recursive: true, force: true });
  }

  /** Ids under a folder whose last change is older than `minimumAge` ms. */
  async ids(name: (typeof folders)[number], minimumAge = 0): Promise<string[]> {
    const found: string[] = [];
    for (const id of await readdir(join(this.folder, name))) {
      if (!uuid.test(id)) continue;
      const state = await stat(join(this.folder, name, id)).catch(() => undefined);
      if (state && Date.now() - state.mtimeMs >= minimumAge) found.push(id);
    }
    return found;
  }
}

/** A bug elsewhere must not become a path: only ids pass. */
function checked(id: string): string {
  if (!uuid.test(id)) throw new Error(`${JSON.stringify(id)} is no id`);
  return id;
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
