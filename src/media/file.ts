/** The file itself, before any decoder sees it: is it there, what is it, and is it whole? */
import type { FileHandle } from 'node:fs/promises';
import { open, stat } from 'node:fs/promises';
import { describe, errors } from '../base/errors.ts';
import { type Extent, measureExtent } from './extent.ts';
import type { ByteSource } from './types.ts';

export interface MediaFile {
  path: string;
  bytes: number;
  /** First 64 KiB, or all of a smaller file. */
  head: Buffer;
  /** Where the bytes come from, if not from the path. */
  source?: ByteSource;
}

const headBytes = 65_536;

function codeOf(thrown: unknown): string {
  return thrown instanceof Error && 'code' in thrown ? String(thrown.code) : '';
}

/**
 * Reads the head of a file. Throws CLIP_MISSING, CLIP_UNREADABLE, CLIP_EMPTY, and CLIP_NOT_MEDIA for folders,
 * pipes and devices, which could block for ever.
 */
export async function readHead(path: string): Promise<MediaFile> {
  let handle: FileHandle | undefined;
  try {
    const found = await stat(path);
    if (found.isDirectory()) throw errors.CLIP_NOT_MEDIA(path, 'it is a folder');
    if (!found.isFile()) throw errors.CLIP_NOT_MEDIA(path, 'it is not a regular file');
    handle = await open(path, 'r');
    if (found.size === 0) throw errors.CLIP_EMPTY(path);
    const head = Buffer.alloc(Math.min(headBytes, found.size));
    const { bytesRead } = await handle.read(head, 0, head.length, 0);
    return { path, bytes: found.size, head: head.subarray(0, bytesRead) };
  } catch (thrown) {
    const code = codeOf(thrown);
    if (code === 'ENOENT' || code === 'ENOTDIR') throw errors.CLIP_MISSING(path);
    if (/^E[A-Z0-9]+$/.test(code)) throw errors.CLIP_UNREADABLE(path, code);
    if (thrown instanceof Error && thrown.name === 'UserError') throw thrown;
    throw errors.CLIP_UNREADABLE(path, describe(thrown));
  } finally {
    await handle?.close();
  }
}

/** The same of a file that lies elsewhere. Throws CLIP_EMPTY, and what the source throws. */
export async function readSourceHead(path: string, source: ByteSource): Promise<MediaFile> {
  if (source.size === 0) throw errors.CLIP_EMPTY(path);
  const head = Buffer.from(await source.read(0, Math.min(headBytes, source.size)));
  return { path, bytes: source.size, head, source };
}

const pieceBytes = 4 * 2 ** 20;

/** All of a file that lies elsewhere; the caller knows that it is small. */
export async function readAll(source: ByteSource): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  for (let at = 0; at < source.size; ) {
    const piece = await source.read(at, Math.min(pieceBytes, source.size - at));
    if (piece.length === 0) break;
    pieces.push(piece);
    at += piece.length;
  }
  return Buffer.concat(pieces);
}

/** Whether the file is as long as its container says. */
export async function extentOf({ path, head, bytes, source }: MediaFile): Promise<Extent> {
  if (source) return measureExtent(head, bytes, (at, length) => source.read(at, length));
  const handle = await open(path, 'r');
  try {
    return await measureExtent(head, bytes, async (at, length) => {
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(length), 0, length, at);
      return buffer.subarray(0, bytesRead);
    });
  } finally {
    await handle.close();
  }
}
