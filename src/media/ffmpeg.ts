/** FFmpeg in process: what every user of node-av here shares. */
import { AV_LOG_QUIET, AVERROR_EAGAIN, AVERROR_EOF } from 'node-av/constants';
import { FFmpegError, Log } from 'node-av/lib';

// Damaged clips make FFmpeg write a line a macroblock to stderr; what was lost is counted instead.
Log.setLevel(AV_LOG_QUIET);

/** `AV_NOPTS_VALUE` as a bigint, which is what node-av returns for an absent timestamp. */
export const noTimestamp = -(2n ** 63n);

/**
 * The demuxers that may open a file. Everything that can name another file or address (concat, hls, dash,
 * image2, playlists, devices) is left out, so that a clip can never make this machine fetch something.
 */
export const demuxers: readonly string[] = [
  'mov,mp4,m4a,3gp,3g2,mj2',
  'matroska,webm',
  'avi',
  'mpeg',
  'mpegts',
  'mpegvideo',
  'flv',
  'asf',
  'ogg',
  'gif',
  'webp_anim',
  'ivf',
  'mxf',
  'h264',
  'hevc',
  // Audio only: recognised so that the user hears "no video stream" and not "not media".
  'mp3',
  'wav',
  'flac',
  'aac',
];

export const ended = (code: number): boolean => code === AVERROR_EOF;
export const starved = (code: number): boolean => code === AVERROR_EAGAIN;

/** FFmpeg's own words for an error code. */
export function reasonOf(code: number): string {
  return FFmpegError.strerror(code).toLowerCase();
}

/** Throws a plain `Error` (a bug here, not the user's) where a call that cannot fail on good input failed. */
export function must(code: number, what: string): void {
  if (code < 0) throw new Error(`FFmpeg: ${what} failed (${reasonOf(code)})`);
}
