/**
 * The data folder, and the store that clips lie in: that folder too, where no other was named. Names in it are ids that
 * the server made: nothing that a stranger sent becomes a path.
 *
 * | path                     | what                                                     |
 * | ------------------------ | -------------------------------------------------------- |
 * | `database/`              | the embedded database                                    |
 * | `uploads/ID`             | a resumable upload so far                                |
 * | `evidence-key.pem`       | the key that signs evidence bundles, if none was given   |
 * | `work/`                  | what is half done: tasks, analyses for a store elsewhere |
 * | `media/`, `clips/`, `tasks/` | see `store.ts`; absent where the store is elsewhere  |
 */
import { randomUUID } from 'node:crypto';
import { mkdir, readdir, rm, stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { errors } from '../../base/errors.ts';
import { strangeFiles } from './left-files.ts';
import type { Store, StoredFile } from './store.ts';

const MiB = 2 ** 20;
const uuid = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/;

export class Storage {
  readonly folder: string;
  readonly store: Store;
  readonly #leaveFreeMiB: number;

  constructor(folder: string, leaveFreeMiB: number, store: Store) {
    this.folder = folder;
    this.store = store;
    this.#leaveFreeMiB = leaveFreeMiB;
  }

  /** @throws OUTPUT_UNWRITABLE */
  async open(): Promise<void> {
    const local = this.store.folder === undefined ? [] : ['media', 'clips'];
    try {
      // What people upload is nobody else's business on this machine.
      await mkdir(this.folder, { recursive: true, mode: 0o700 });
      for (const name of ['uploads', 'work']) await makeFolder(join(this.folder, name));
      for (const name of local) await makeFolder(join(this.store.folder as string, name));
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

  upload(id: string): string {
    return join(this.folder, 'uploads', checked(id));
  }

  /** The path of a clip's file, where it lies on this machine. */
  mediaPath(id: string): string | undefined {
    return this.store.folder === undefined ? undefined : join(this.store.folder, 'media', checked(id));
  }

  openMedia(id: string): Promise<StoredFile | undefined> {
    return this.store.open(`media/${checked(id)}`);
  }

  /** A file that an attempt of a clip's analysis left; undefined where it left none of that name. */
  artefact(id: string, attempt: number, name: string): Promise<Buffer | undefined> {
    return this.store.get(`${attemptKey(id, attempt)}/${name}`);
  }

  /** The folder that an attempt fills, to be kept or discarded. */
  workFolder(id: string, attempt: number): string {
    const { folder } = this.store;
    return folder === undefined
      ? join(this.folder, 'work', `${checked(id)}-${attempt}`)
      : join(folder, attemptKey(id, attempt));
  }

  /** What an attempt left goes where it is kept. @throws STORE_UNREACHABLE, OUTPUT_UNWRITABLE */
  async keep(id: string, attempt: number): Promise<void> {
    await this.store.adoptFolder(this.workFolder(id, attempt), attemptKey(id, attempt));
    if (this.store.folder === undefined) await this.removeWork(id, attempt);
  }

  /** What an attempt left that is no plain file, and so was not left by an analysis of ours: reading it might lead anywhere. */
  async strange(id: string, attempt: number): Promise<string[]> {
    return strangeFiles(this.workFolder(id, attempt)).catch(() => []);
  }

  async removeWork(id: string, attempt: number): Promise<void> {
    await rm(this.workFolder(id, attempt), { recursive: true, force: true });
  }

  async removeAttempt(id: string, attempt: number): Promise<void> {
    await this.removeWork(id, attempt);
    await this.store.remove(attemptKey(id, attempt));
  }

  /** A clip is given what an analysis of another left. */
  copyAttempt(from: { id: string; attempt: number }, to: { id: string; attempt: number }): Promise<void> {
    return this.store.copyFolder(attemptKey(from.id, from.attempt), attemptKey(to.id, to.attempt));
  }

  /** The folder that an attempt of a task fills, to be kept or discarded. */
  taskFolder(id: string, attempt: number): string {
    return join(this.folder, 'work', `${checked(id)}-${Math.trunc(attempt)}`);
  }

  /** What it left goes where the sender finds it. @throws STORE_UNREACHABLE, OUTPUT_UNWRITABLE */
  async keepTask(id: string, attempt: number): Promise<void> {
    await this.store.adoptFolder(this.taskFolder(id, attempt), taskKey(id, attempt));
    await this.removeTaskFolder(id, attempt);
  }

  async removeTaskFolder(id: string, attempt: number): Promise<void> {
    await rm(this.taskFolder(id, attempt), { recursive: true, force: true });
  }

  async removeTaskAttempt(id: string, attempt: number): Promise<void> {
    await this.removeTaskFolder(id, attempt);
    await this.store.remove(taskKey(id, attempt));
  }

  /** @param name one that this program gave, never one of a sender's */
  taskFile(id: string, attempt: number, name: string): Promise<StoredFile | undefined> {
    return this.store.open(`${taskKey(id, attempt)}/${name}`);
  }

  /** What another try of a task can go on from. @throws STORE_UNREACHABLE, OUTPUT_UNWRITABLE */
  keepCheckpoint(id: string, at: CheckpointName, path: string): Promise<void> {
    return this.store.adopt(path, checkpointKey(id, at));
  }

  openCheckpoint(id: string, at: CheckpointName): Promise<StoredFile | undefined> {
    return this.store.open(checkpointKey(id, at));
  }

  removeCheckpoint(id: string, at: CheckpointName): Promise<void> {
    return this.store.remove(checkpointKey(id, at));
  }

  /** All of a task that has ended: what a try left that its worker did not live to remove, too. */
  removeCheckpoints(id: string): Promise<void> {
    return this.store.remove(`tasks/${checked(id)}/going-on`);
  }

  /** All that a task left. */
  removeTask(id: string): Promise<void> {
    return this.store.remove(`tasks/${checked(id)}`);
  }

  putArtefact(id: string, attempt: number, name: string, bytes: Uint8Array): Promise<void> {
    return this.store.put(`${attemptKey(id, attempt)}/${name}`, bytes);
  }

  /** @throws DISK_FULL where `bytes` more would leave too little. */
  async checkSpace(bytes = 0): Promise<void> {
    const { bavail, bsize } = await statfs(this.folder);
    const free = Math.floor((bavail * bsize - bytes) / MiB);
    if (free < this.#leaveFreeMiB) throw errors.DISK_FULL(Math.max(0, free), this.#leaveFreeMiB);
  }

  /** A finished upload becomes a clip's file. It is safe, its name too, when this returns. */
  async adopt(upload: string): Promise<string> {
    const media = randomUUID();
    await this.store.adopt(this.upload(upload), `media/${media}`);
    return media;
  }

  /** A copy of a file of this machine becomes a clip's file. */
  async copyIn(path: string): Promise<string> {
    const media = randomUUID();
    await this.store.send(path, `media/${media}`);
    return media;
  }

  async removeMedia(id: string): Promise<void> {
    await this.store.remove(`media/${checked(id)}`);
  }

  async removeUpload(id: string): Promise<void> {
    await rm(this.upload(id), { force: true });
  }

  async removeClip(id: string): Promise<void> {
    await this.store.remove(`clips/${checked(id)}`);
  }

  /** What a process that died left half done here. */
  async clearWork(): Promise<void> {
    for (const name of await readdir(join(this.folder, 'work')).catch(() => [])) {
      await rm(join(this.folder, 'work', name), { recursive: true, force: true });
    }
  }

  /** Ids below a folder of this machine whose last change is older than `minimumAge` ms. */
  async ids(name: 'media' | 'clips' | 'uploads', minimumAge = 0): Promise<string[]> {
    const parent = name === 'uploads' ? this.folder : this.store.folder;
    if (parent === undefined) return [];
    const found: string[] = [];
    for (const id of await readdir(join(parent, name))) {
      if (!uuid.test(id)) continue;
      const state = await stat(join(parent, name, id)).catch(() => undefined);
      if (state && Date.now() - state.mtimeMs >= minimumAge) found.push(id);
    }
    return found;
  }

  /** Names of a clip's attempts on this machine. */
  async attempts(id: string): Promise<string[]> {
    const { folder } = this.store;
    return folder === undefined ? [] : readdir(join(folder, 'clips', checked(id)));
  }
}

const makeFolder = (path: string) => mkdir(path, { recursive: true, mode: 0o700 });

const taskKey = (id: string, attempt: number) => `tasks/${checked(id)}/${Math.trunc(attempt)}`;

/** Which try left it, and how far it was. */
interface CheckpointName {
  attempt: number;
  step: number;
}

const checkpointKey = (id: string, { attempt, step }: CheckpointName) =>
  `tasks/${checked(id)}/going-on/${Math.trunc(attempt)}-${Math.trunc(step)}.tar`;

const attemptKey = (id: string, attempt: number) => `clips/${checked(id)}/${Math.trunc(attempt)}`;

/** A bug elsewhere must not become a path: only ids pass. */
function checked(id: string): string {
  if (!uuid.test(id)) throw new Error(`${JSON.stringify(id)} is no id`);
  return id;
}
