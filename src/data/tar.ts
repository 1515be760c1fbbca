/** Tar archives as shards need them: written alike every time, and read by offset. */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { pack } from 'tar-stream';

/** Two empty blocks end an archive; without them archives can be joined byte by byte. */
export const tarEnd = Buffer.alloc(1024);
const block = 512;

export interface TarEntry {
  name: string;
  bytes: Uint8Array;
}

/**
 * Writes entries without the archive's end, and flushes them to the disk; returns the size. Owner, mode and time are
 * fixed, so that the same pictures give the same bytes.
 */
export async function writeTarBody(path: string, entries: Iterable<TarEntry>): Promise<number> {
  const archive = pack();
  const handle = await open(path, 'w');
  let size = 0;
  try {
    const writing = (async () => {
      for await (const chunk of archive as AsyncIterable<Uint8Array>) {
        await handle.writeFile(chunk);
        size += chunk.length;
      }
    })();
    const adding = (async () => {
      for (const { name, bytes } of entries) {
        await new Promise<void>((done, fail) => {
          archive.entry({ name, mtime: new Date(0), mode: 0o644 }, Buffer.from(bytes), (error) =>
            error ? fail(error) : done(),
          );
        });
      }
      archive.finalize();
    })();
    await Promise.all([writing, adding]);
    size -= tarEnd.length;
    await handle.truncate(size);
    await handle.sync();
    return size;
  } finally {
    await handle.close();
  }
}

export interface TarIndex {
  /** Size of the archive when it was read. */
  bytes: number;
  files: ReadonlyMap<string, { offset: number; size: number }>;
  /** Why reading stopped before the archive's end: `cut off …`, or a header that is none. */
  fault: string | undefined;
}

/**
 * Reads the headers of a tar archive (POSIX.1-1988 ustar; the long names of PAX and GNU are understood). Files that
 * are not whole are left out. Throws what `openSync` throws.
 */
export function readTarIndex(path: string): TarIndex {
  const file = openSync(path, 'r');
  try {
    const bytes = fstatSync(file).size;
    const files = new Map<string, { offset: number; size: number }>();
    const header = Buffer.alloc(block);
    let longName: string | undefined;
    for (let at = 0; ; ) {
      if (at + block > bytes) {
        return {
          bytes,
          files,
          fault: `it is cut off after ${bytes} bytes, ${files.size} files of it are whole`,
        };
      }
      readSync(file, header, 0, block, at);
      if (header[0] === 0 && header.every((value) => value === 0)) return { bytes, files, fault: undefined };
      if (!checksumFits(header)) return { bytes, files, fault: `no tar header at byte ${at}` };
      const size = Number.parseInt(textOf(header, 124, 12).trim() || '0', 8);
      const offset = at + block;
      at = offset + Math.ceil(size / block) * block;
      if (at > bytes) {
        return {
          bytes,
          files,
          fault: `it is cut off after ${bytes} bytes, ${files.size} files of it are whole`,
        };
      }
      const type = String.fromCharCode(header[156]);
      if (type === 'x' || type === 'L') {
        const text = Buffer.alloc(size);
        readSync(file, text, 0, size, offset);
        longName =
          type === 'x' ? /(?:^|\n)\d+ path=(.*)\n/.exec(text.toString())?.[1] : textOf(text, 0, size);
        continue;
      }
      if (type === '0' || type === '\0') {
        const prefix = textOf(header, 345, 155);
        const short = textOf(header, 0, 100);
        files.set(longName ?? (prefix ? `${prefix}/${short}` : short), { offset, size });
      }
      longName = undefined;
    }
  } finally {
    closeSync(file);
  }
}

function textOf(buffer: Buffer, from: number, length: number): string {
  const end = buffer.indexOf(0, from);
  return buffer.toString('utf8', from, end < 0 || end > from + length ? from + length : end);
}

/** The sum of all bytes of the header, its own field counted as spaces. */
function checksumFits(header: Buffer): boolean {
  let sum = 8 * 32;
  for (let i = 0; i < block; i++) if (i < 148 || i >= 156) sum += header[i];
  return sum === Number.parseInt(textOf(header, 148, 8).trim(), 8);
}
