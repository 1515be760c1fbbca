/** Files that are whole or not there, also when the power fails. */
import { open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { describe, errors, UserError } from '../../base/errors.ts';

/** Flushes a folder's list of names: a rename is on the disk only then. Windows has no such thing. */
export async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(folder, 'r');
  await handle.sync().finally(() => handle.close());
}

/** Where a file is written before it takes its name; a process that dies leaves it behind, the next one removes it. */
export const temporaryName = (path: string) => join(dirname(path), `.${basename(path)}.${process.pid}.tmp`);

/** `write` makes the file under another name and flushes it; then it is renamed. Throws OUTPUT_UNWRITABLE. */
export async function writeWholeFile<T>(path: string, write: (temporary: string) => Promise<T>): Promise<T> {
  const temporary = temporaryName(path);
  try {
    const result = await write(temporary);
    await rename(temporary, path);
    await syncFolder(dirname(path));
    return result;
  } catch (thrown) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw unwritable(path, thrown);
  }
}

export function writeWholeText(path: string, content: string | Uint8Array): Promise<void> {
  return writeWholeFile(path, async (temporary) => {
    const handle = await open(temporary, 'w');
    try {
      await handle.writeFile(content);
      await handle.sync();
    } finally {
      await handle.close();
    }
  });
}

const words: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full',
  EDQUOT: 'the quota is used up',
  EACCES: 'no permission',
  EPERM: 'no permission',
  EROFS: 'the disk is read-only',
  ENOTDIR: 'a part of the path is a file',
  EEXIST: 'a part of the path is a file',
};

/** A failure to write as the user's error; what is one already stays it. */
export function unwritable(path: string, thrown: unknown): Error {
  const code = (thrown as NodeJS.ErrnoException).code;
  // What a worker threw while making the content, not while writing it.
  if (thrown instanceof UserError || code === undefined) return thrown as Error;
  const error = errors.OUTPUT_UNWRITABLE(path, words[code] ?? describe(thrown));
  error.cause = thrown;
  return error;
}
