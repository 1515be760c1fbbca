/** Files under `--out`: whole or not there, and never one clip's over another's. */
import { randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { access, mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { describe, errors } from '../base/errors.ts';
import { sha256 } from '../base/hash.ts';
import type { ClipResult } from '../detect/result.ts';
import { baseName } from '../report/format.ts';

/** Makes the folder and sees that files can be made in it. @throws OUTPUT_UNWRITABLE */
export async function prepareFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true });
    await access(folder, constants.W_OK | constants.X_OK);
  } catch (cause) {
    throw unwritable(folder, cause);
  }
}

/**
 * Writes files so that each is whole or not there at all: a temporary file in the same folder, flushed to the disk,
 * then renamed. All are written before the first is renamed.
 * @throws OUTPUT_UNWRITABLE, with nothing left behind.
 */
export async function writeWhole(
  folder: string,
  files: Readonly<Record<string, string | Uint8Array>>,
): Promise<void> {
  const pending: { temporary: string; final: string }[] = [];
  try {
    for (const [name, text] of Object.entries(files)) {
      const temporary = join(folder, `.mesoscope-${randomUUID()}.tmp`);
      pending.push({ temporary, final: join(folder, name) });
      const handle = await open(temporary, 'wx');
      try {
        await handle.writeFile(text);
        await handle.sync();
      } finally {
        await handle.close();
      }
    }
    for (const { temporary, final } of pending) await rename(temporary, final);
  } catch (cause) {
    const last = pending.at(-1)?.final ?? folder;
    for (const { temporary } of pending) await rm(temporary, { force: true }).catch(() => undefined);
    throw unwritable(last, cause);
  }
}

function unwritable(path: string, cause: unknown) {
  const code = (cause as NodeJS.ErrnoException).code;
  const words: Record<string, string> = {
    ENOSPC: 'the disk is full',
    EDQUOT: 'the quota is used up',
    EFBIG: 'files may not grow so large here',
    EACCES: 'no permission',
    EPERM: 'no permission',
    EROFS: 'the disk is read-only',
    ENOTDIR: 'a part of the path is a file',
    EEXIST: 'there is a file of that name',
  };
  const error = errors.OUTPUT_UNWRITABLE(path, (code && words[code]) ?? describe(cause));
  error.cause = cause;
  return error;
}

/** Names for the files of a batch. */
export class Names {
  readonly #folder: string;
  /** How many inputs of the batch share a name, as file systems compare names. */
  readonly #sharing = new Map<string, number>();

  constructor(folder: string, paths: readonly string[]) {
    this.#folder = folder;
    for (const path of new Set(paths.map((path) => resolve(path)))) {
      const key = fold(safeName(baseName(path)));
      this.#sharing.set(key, (this.#sharing.get(key) ?? 0) + 1);
    }
  }

  /**
   * The clip's file name, where it is the only one of the batch and the folder holds no other clip's result under it;
   * else that with a suffix made from its place and content, the same in every run, whatever the order.
   */
  async stemFor(clip: ClipResult['clip']): Promise<string> {
    const plain = safeName(baseName(clip.path));
    const alone = (this.#sharing.get(fold(plain)) ?? 1) === 1;
    if (alone && fold(plain) !== 'summary' && (await this.#isFree(plain, clip))) return plain;
    return `${plain}-${sha256(`${resolve(clip.path)}\0${clip.sha256 ?? ''}`).slice(0, 8)}`;
  }

  /** No result there, or one of the same bytes or, where a file could not be read, of the same path. */
  async #isFree(stem: string, clip: ClipResult['clip']): Promise<boolean> {
    try {
      const there = JSON.parse(await readFile(join(this.#folder, `${stem}.json`), 'utf8'));
      return clip.sha256 !== null && typeof there?.clip?.sha256 === 'string'
        ? there.clip.sha256 === clip.sha256
        : there?.clip?.path === clip.path;
    } catch (cause) {
      return (cause as NodeJS.ErrnoException).code === 'ENOENT';
    }
  }
}

/** Case and composition do not tell names apart on every file system. */
const fold = (name: string) => name.normalize('NFC').toLowerCase();

/** A name that every file system takes and no shell trips over: no control characters, slashes or leading dot. */
export function safeName(name: string): string {
  const clean = name
    .replace(/[\p{Cc}\p{Cf}\p{Surrogate}<>:"/\\|?*]+/gu, '_')
    .replace(/^[.\s]+/, '_')
    .replace(/[.\s]+$/, '');
  // 255 bytes is the usual limit; room for the suffix and ".html", keeping the end, where the extension is.
  let cut = clean || 'clip';
  while (Buffer.byteLength(cut) > 200) cut = [...cut].slice(1).join('');
  return cut;
}
