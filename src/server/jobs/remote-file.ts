/** The process's side of files that lie elsewhere: bytes are asked of the process that started this one. */
import { errors } from '../../base/errors.ts';
import type { ByteSource } from '../../media/types.ts';
import type { FromAnalysis, ToAnalysis } from './messages.ts';

/** @param name for errors @param size bytes. A piece that cannot be had throws CLIP_UNREADABLE. */
export function remoteFile(name: string, size: number): ByteSource {
  return remoteFiles()(name, size);
}

/** One of several files of a task; call it once a process. */
export function remoteFiles(): (name: string, size: number, file?: number) => ByteSource {
  const waiting = new Map<number, (bytes: Uint8Array | undefined) => void>();
  let reads = 0;
  process.on('message', ({ read, bytes }: ToAnalysis) => {
    waiting.get(read)?.(bytes === undefined ? undefined : Buffer.from(bytes, 'base64'));
    waiting.delete(read);
  });
  return (name, size, file) => ({
    size,
    read: async (at, length) => {
      const read = ++reads;
      const bytes = await new Promise<Uint8Array | undefined>((resolve) => {
        waiting.set(read, resolve);
        const which = file === undefined ? {} : { file };
        process.send?.({ kind: 'read', read, at, length, ...which } satisfies FromAnalysis & typeof which);
      });
      if (!bytes) throw errors.CLIP_UNREADABLE(name, `bytes from ${at} could not be fetched`);
      return bytes;
    },
  });
}
