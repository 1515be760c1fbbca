/** The media type of a file by its first bytes; what the sender claims does not count. */
import { open } from 'node:fs/promises';

const unknown = 'application/octet-stream';

/** Offset, bytes (latin1), type; the first that fits. */
const signatures: readonly (readonly [offset: number, bytes: string, type: string])[] = [
  [4, 'ftypavif', 'image/avif'],
  [4, 'ftypheic', 'image/heic'],
  [4, 'ftypmif1', 'image/heif'],
  [4, 'ftypqt  ', 'video/quicktime'],
  [4, 'ftyp', 'video/mp4'],
  [4, 'moov', 'video/quicktime'],
  [0, '\xff\xd8\xff', 'image/jpeg'],
  [0, '\x89PNG\r\n\x1a\n', 'image/png'],
  [0, 'GIF8', 'image/gif'],
  [8, 'WEBP', 'image/webp'],
  [8, 'AVI ', 'video/x-msvideo'],
  [0, 'OggS', 'video/ogg'],
  [0, 'FLV', 'video/x-flv'],
  [0, '\0\0\x01\xba', 'video/mpeg'],
  [0, '\0\0\x01\xb3', 'video/mpeg'],
  [0, 'G', 'video/mp2t'],
];

export async function mediaTypeOf(path: string): Promise<string> {
  const file = await open(path, 'r');
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(64), 0, 64, 0);
    const head = buffer.toString('latin1', 0, bytesRead);
    if (head.startsWith('\x1aE\xdf\xa3')) return head.includes('webm') ? 'video/webm' : 'video/x-matroska';
    return signatures.find(([offset, bytes]) => head.startsWith(bytes, offset))?.[2] ?? unknown;
  } finally {
    await file.close();
  }
}
