/** What a file is by its first bytes: its name is never asked. */

const text = (head: Uint8Array, from: number, to: number): string =>
  String.fromCharCode(...head.subarray(from, to));

/** Still pictures: JPEG, PNG, WebP, AVIF. Everything else is tried as a video. */
export function isPicture(head: Uint8Array): boolean {
  if (head[0] === 0xff && head[1] === 0xd8 && head[2] === 0xff) return true;
  if (text(head, 0, 8) === '\x89PNG\r\n\x1a\n') return true;
  // Animated WebP (flag 0x02 of the VP8X chunk) is a video with delays.
  if (text(head, 0, 4) === 'RIFF' && text(head, 8, 12) === 'WEBP') {
    return !(text(head, 12, 16) === 'VP8X' && head[20] & 0x02);
  }
  // `avis` is an image sequence, again a video.
  if (text(head, 4, 8) === 'ftyp') return text(head, 8, 12) === 'avif';
  return false;
}

export const isIsoMedia = (head: Uint8Array): boolean =>
  /^(?:ftyp|moov|mdat|wide|free|skip|pnot|styp)$/.test(text(head, 4, 8));

/** The brand of an ISO media file: `isom`, `qt  `, `avif`, … */
export const isoBrand = (head: Uint8Array): string => text(head, 8, 12);

/**
 * Containers and animations that FFmpeg reads and a browser's decoders do not, in words; undefined for anything else.
 * It tells "not readable here" from "not media at all".
 */
export function foreignContainer(head: Uint8Array): string | undefined {
  if (text(head, 0, 4) === 'RIFF') {
    const kind = text(head, 8, 12);
    if (kind === 'AVI ') return 'the container AVI';
    if (kind === 'WEBP') return 'an animated WebP';
  }
  if (/^GIF8[79]a/.test(text(head, 0, 6))) return 'an animated GIF';
  if (text(head, 4, 12) === 'ftypavis') return 'an animated AVIF';
  if (text(head, 0, 3) === 'FLV') return 'the container FLV';
  // Pack header and sequence header (ISO 11172-1 §2.4.3.2, 11172-2 §2.4.2.3).
  if (head[0] === 0 && head[1] === 0 && head[2] === 1 && (head[3] === 0xba || head[3] === 0xb3)) {
    return head[3] === 0xba ? 'the container MPEG-PS' : 'a raw MPEG video';
  }
  // The ASF header object's identifier.
  if (head[0] === 0x30 && head[1] === 0x26 && head[2] === 0xb2 && head[3] === 0x75)
    return 'the container ASF';
  if (head[0] === 0x06 && head[1] === 0x0e && head[2] === 0x2b && head[3] === 0x34)
    return 'the container MXF';
  return undefined;
}
