/** Bytes from the network to a file: counted, hashed on the way, never held in memory. */
import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import type { Readable } from 'node:stream';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { errors } from '../../base/errors.ts';

export interface Received {
  bytes: number;
  /** Lower-case hex. */
  sha256: string;
}

/**
 * Writes a new file. Ends with the source's error where that breaks off; the caller removes what was written.
 * @throws UPLOAD_TOO_LARGE, the signal's reason
 */
export async function receiveFile(
  source: Readable,
  path: string,
  limit: number,
  { signal, onBytes }: { signal?: AbortSignal; onBytes?: (bytes: number) => void } = {},
): Promise<Received> {
  const hash = createHash('sha256');
  let bytes = 0;
  const count = new Transform({
    transform(chunk: Buffer, _, done) {
      bytes += chunk.length;
      if (bytes > limit) return done(errors.UPLOAD_TOO_LARGE(bytes, limit));
      hash.update(chunk);
      onBytes?.(bytes);
      done(null, chunk);
    },
  });
  const file = createWriteStream(path, { flags: 'wx', mode: 0o600 });
  await pipeline(source, count, file, signal ? { signal } : {});
  return { bytes, sha256: hash.digest('hex') };
}
