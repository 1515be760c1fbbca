/** A file of the store as a file here, checked against what was written down of it. */
import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { LeftFile } from '../database/tasks.ts';
import type { StoredFile } from '../storage/store.ts';

/** @returns whether it has the hash. @throws STORE_UNREACHABLE, STORE_CHANGED, and what writing throws */
export async function copyChecked(
  file: StoredFile,
  { sha256 }: Pick<LeftFile, 'sha256'>,
  path: string,
  signal?: AbortSignal,
): Promise<boolean> {
  const hash = createHash('sha256');
  const through = new Transform({
    transform(chunk: Buffer, _, done) {
      hash.update(chunk);
      done(null, chunk);
    },
  });
  const target = createWriteStream(path);
  await pipeline(file.stream(0, file.size - 1), through, target, signal ? { signal } : {});
  return hash.digest('hex') === sha256;
}
