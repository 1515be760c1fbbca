/** The file itself, before any decoder sees it: is it there, what is it, and is it whole? */
import type { FileHandle } from 'node:fs/promises';
import { open, stat } from 'node:fs/promises';
import { describe, errors } from '../base/errors.ts';

export interface MediaFile {
  path: string;
  bytes: number;
  /** First 64 KiB, or all of a smaller file. */
  head: Buffer;
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

/** What sharp reads; everything else is tried with FFmpeg. Decided by content, never by the file's name. */
export function isPicture(head: Buffer): boolean {
  const text = (from: number, to: number) => head.toString('latin1', from, to);
  if (head[0] === 0xff && head[1] === 0xd8 && head[2] === 0xff) return true;
  if (text(0, 8) === '\x89PNG\r\n\x1a\n') return true;
  // Animated WebP (flag 0x02 of the VP8X chunk) is a video with delays.
  if (text(0, 4) === 'RIFF' && text(8, 12) === 'WEBP') return !(text(12, 16) === 'VP8X' && head[20] & 0x02);
  // `avis` is an image sequence, again a video.
  if (text(4, 8) === 'ftyp') return text(8, 12) === 'avif';
  return false;
}

export const isIsoMedia = (head: Buffer): boolean =>
  /^(?:ftyp|moov|mdat|wide|free|skip|pnot|styp)$/.test(head.toString('latin1', 4, 8));

export interface Extent {
  /** The container says that it is longer than the file. */
  cut: boolean;
  /** ISO media: whether the index (`moov`) is in the file. True for other containers. */
  index: boolean;
}

/** Whether the file is as long as its container says: ISO media boxes, RIFF size, Matroska segment size. */
export async function measureExtent(file: MediaFile): Promise<Extent> {
  const { head, bytes } = file;
  if (isIsoMedia(head)) return walkBoxes(file);
  if (head.toString('latin1', 0, 4) === 'RIFF' && head.length >= 8) {
    return { cut: head.readUInt32LE(4) + 8 > bytes, index: true };
  }
  if (head.length >= 4 && head.readUInt32BE(0) === 0x1a45dfa3) {
    const end = segmentEnd(head);
    return { cut: end !== undefined && end > bytes, index: true };
  }
  return { cut: false, index: true };
}

/** Top-level boxes of an ISO media file (ISO 14496-12 §4.2): 32-bit size, type, optional 64-bit size. */
async function walkBoxes({ path, bytes }: MediaFile): Promise<Extent> {
  const handle = await open(path, 'r');
  try {
    const header = Buffer.alloc(16);
    let at = 0;
    let index = false;
    // A fragmented file has two boxes a fragment; a hostile one could have millions.
    for (let boxes = 0; at + 8 <= bytes && boxes < 100_000; boxes++) {
      await handle.read(header, 0, 16, at);
      let size = header.readUInt32BE(0);
      if (size === 1) size = Number(header.readBigUInt64BE(8));
      // Size 0: to the end of the file.
      if (size === 0) size = bytes - at;
      const whole = at + size <= bytes;
      if (header.toString('latin1', 4, 8) === 'moov') index = whole;
      if (!whole) return { cut: true, index };
      if (size < 8) break;
      at += size;
    }
    return { cut: false, index };
  } finally {
    await handle.close();
  }
}

/** End of the Matroska segment (RFC 8794 variable-length integers), undefined where the size is unknown. */
function segmentEnd(head: Buffer): number | undefined {
  const size = (at: number) => {
    const length = Math.clz32(head[at]) - 23;
    if (length > 8 || at + length > head.length) return undefined;
    let value = head[at] & (0xff >> length);
    let ones = value === 0xff >> length;
    for (let i = 1; i < length; i++) {
      value = value * 256 + head[at + i];
      ones &&= head[at + i] === 0xff;
    }
    return { length, value: ones ? undefined : value };
  };
  const header = size(4);
  if (header?.value === undefined) return undefined;
  const at = 4 + header.length + header.value;
  if (at + 12 > head.length || head.readUInt32BE(at) !== 0x18538067) return undefined;
  const segment = size(at + 4);
  return segment?.value === undefined ? undefined : at + 4 + segment.length + segment.value;
}
