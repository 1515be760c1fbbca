/** The analysis's side of a file that lies elsewhere: bytes are asked of the process that started this one. */
import { errors } from '../../base/errors.ts';
import type { ByteSource } from '../../media/types.ts';
import type { Parent } from './parent.ts';

/** @param name for errors @param size bytes. A piece that cannot be had throws CLIP_UNREADABLE. */
export function remoteFile(parent: Parent, name: string, size: number): ByteSource {
  const waiting = new Map<number, (bytes: Uint8Array | undefined) => void>();
  let reads = 0;
  parent.onAnswer(({ read, bytes }) => {
    waiting.get(read)?.(bytes === undefined ? undefined : Buffer.from(bytes, 'base64'));
    waiting.delete(read);
  });
  return {
    size,
    read: async (at, length) => {
      const read = ++reads;
      const bytes = await new Promise<Uint8Array | undefined>((resolve) => {
        waiting.set(read, resolve);
        void parent.tell({ kind: 'read', read, at, length });
      });
      if (!bytes) throw errors.CLIP_UNREADABLE(name, `bytes from ${at} could not be fetched`);
      return bytes;
    },
  };
}
