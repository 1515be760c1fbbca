/** The process's side of files that lie elsewhere: bytes are asked of the process that started this one. */
import { errors } from '../../base/errors.ts';
import type { ByteSource } from '../../media/types.ts';
import type { Parent } from './parent.ts';

/** What asks for bytes, of a task that has several files with its number. */
interface Ask {
  kind: 'read';
  read: number;
  at: number;
  length: number;
  file?: number;
}

/**
 * Files of the task, by name for errors, size in bytes and number where there are several; call it once a process. A piece
 * that cannot be had throws CLIP_UNREADABLE.
 */
export function remoteFiles(
  parent: Pick<Parent<unknown, Ask>, 'tell' | 'onAnswer'>,
): (name: string, size: number, file?: number) => ByteSource {
  const waiting = new Map<number, (bytes: Uint8Array | undefined) => void>();
  let reads = 0;
  parent.onAnswer(({ read, bytes }) => {
    waiting.get(read)?.(bytes === undefined ? undefined : Buffer.from(bytes, 'base64'));
    waiting.delete(read);
  });
  return (name, size, file) => ({
    size,
    read: async (at, length) => {
      const read = ++reads;
      const bytes = await new Promise<Uint8Array | undefined>((resolve) => {
        waiting.set(read, resolve);
        void parent.tell({ kind: 'read', read, at, length, ...(file === undefined ? {} : { file }) });
      });
      if (!bytes) throw errors.CLIP_UNREADABLE(name, `bytes from ${at} could not be fetched`);
      return bytes;
    },
  });
}
