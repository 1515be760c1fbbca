/** Files that are whole or absent, whatever happens to the process. */
import { type FileHandle, mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { describe, errors } from '../base/errors.ts';

/**
 * Writes beside the target, flushes to the disk, then renames: a reader sees the old file or the new one. The
 * folder is flushed too, or a power cut could forget the rename.
 * @throws OUTPUT_UNWRITABLE (disk full, no permission).
 */
export async function writeWhole(path: string, content: Uint8Array | string): Promise<void> {
  const temporary = `${path}.tmp`;
  try {
    await mkdir(dirname(path), { recursive: true });
    await flushed(temporary, 'w', (file) => file.writeFile(content));
    await rename(temporary, path);
    await flushed(dirname(path), 'r', async () => {});
  } catch (cause) {
    await rm(temporary, { force: true }).catch(() => {});
    throw unwritable(path, cause);
  }
}

async function flushed(
  path: string,
  flags: string,
  write: (file: FileHandle) => Promise<void>,
): Promise<void> {
  const file = await open(path, flags);
  try {
    await write(file);
    await file.sync();
  } finally {
    await file.close();
  }
}

export function unwritable(path: string, cause: unknown): Error {
  if (cause instanceof Error && cause.name === 'UserError') return cause;
  const error = errors.OUTPUT_UNWRITABLE(path, describe(cause));
  error.cause = cause;
  return error;
}

export async function writeJson(path: string, value: unknown): Promise<void> {
  await writeWhole(path, `${JSON.stringify(value, null, 2)}\n`);
}
