/** FFmpeg's input from JavaScript: a file that lies elsewhere, read by ranges. */
import { AVERROR_EIO, AVERROR_EOF, AVSEEK_CUR, AVSEEK_END, AVSEEK_SET, AVSEEK_SIZE } from 'node-av/constants';
import { IOContext } from 'node-av/lib';
import type { ByteSource } from './types.ts';

/** What FFmpeg asks for at once, bytes: a few packets of 1080p. */
const bufferBytes = 256 * 1024;

/** The caller frees it, after the container that reads from it is closed. */
export function openSource(source: ByteSource): IOContext {
  const io = new IOContext();
  let position = 0;
  io.allocContextWithCallbacks(
    bufferBytes,
    0,
    async (size) => {
      if (position >= source.size) return AVERROR_EOF;
      try {
        const bytes = await source.read(position, Math.min(size, source.size - position));
        if (bytes.length === 0) return AVERROR_EOF;
        position += bytes.length;
        return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
      } catch {
        // The source remembers why; FFmpeg knows numbers only.
        return AVERROR_EIO;
      }
    },
    null,
    (offset, whence) => {
      const to = Number(offset);
      if (whence === AVSEEK_SIZE) return BigInt(source.size);
      if (whence === AVSEEK_SET) position = to;
      else if (whence === AVSEEK_CUR) position += to;
      else if (whence === AVSEEK_END) position = source.size + to;
      return BigInt(position);
    },
  );
  return io;
}
