/** Opens a clip, whatever it is: the door to everything that reads pixels. */
import { readHead, readSourceHead } from './file.ts';
import { isPicture } from './signature.ts';
import type { ClipReader, OpenOptions } from './types.ts';

/**
 * Opens a video or picture file, decided by its content and not by its name. The caller closes the reader.
 *
 * Throws CLIP_MISSING, CLIP_UNREADABLE, CLIP_EMPTY, CLIP_NOT_MEDIA, CLIP_TRUNCATED, CLIP_NO_VIDEO,
 * CLIP_CODEC_UNKNOWN, CLIP_TOO_LARGE. That nothing decodes is known only when frames are drawn
 * (CLIP_NO_FRAMES).
 */
export async function openClip(path: string, options: OpenOptions = {}): Promise<ClipReader> {
  const file = await (options.source ? readSourceHead(path, options.source) : readHead(path));
  // Loaded when met: sharp and FFmpeg take 150 and 80 ms to start, and few batches hold both kinds.
  if (isPicture(file.head)) return (await import('./image.ts')).openPicture(file, options);
  return (await import('./video.ts')).openVideo(file, options);
}
