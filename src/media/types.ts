/**
 * The media interface: open a clip, look at its tracks and packets, draw frames by a policy, close.
 * Node implements it with FFmpeg in process (node-av), the browser with WebCodecs (mediabunny).
 */
import type { Sampling } from './sampling.ts';

/** A decoded picture: 8-bit RGB, rows without padding, rotated upright. */
export interface Picture {
  width: number;
  height: number;
  /** `width * height * 3` bytes, R G B. */
  data: Uint8Array;
}

/** A decoded picture with its place in the clip. */
export interface Frame extends Picture {
  /** Position in display order among the frames of the clip, from 0. */
  index: number;
  /** Presentation time from the clip's first frame, in seconds: the real timestamp, not index / fps. */
  timeSeconds: number;
  keyFrame: boolean;
  /** Set where an earlier frame since the last key frame was damaged: parts of the picture may be guessed. */
  afterDamage?: true;
}

export interface ClipInfo {
  path: string;
  bytes: number;
  kind: 'video' | 'image';
  /** FFmpeg's short name: `mov,mp4,…` is shortened to `mp4`, `matroska,webm` to what the file says. */
  container: string;
  codec: string;
  /** Upright size in pixels, after rotation metadata and sample aspect are applied. */
  width: number;
  height: number;
  /** Clockwise degrees that the metadata asked for and that frames already have: 0, 90, 180 or 270. */
  rotation: number;
  pixelFormat: string;
  /** From the container; undefined where it does not say. Pictures have 0. */
  durationSeconds: number | undefined;
  /** Mean frame rate as the container tells it; undefined for pictures. */
  frameRate: number | undefined;
  /** Bits a second of the video stream; undefined where unknown. */
  bitRate: number | undefined;
  videoTracks: number;
  audioTracks: number;
}

/** What the packets tell before anything is decoded. */
export interface PacketScan {
  frames: number;
  /** Display-order indices of key frames. */
  keyFrames: number[];
  /** Presentation times in display order, seconds from the first. */
  times: Float64Array;
  /** Compressed bytes of the video stream. */
  bytes: number;
  /** Set when the file ended before the container said it would. */
  truncated: boolean;
}

/** Something that was left out, and why. Counted in every result. */
export interface Dropped {
  reason: string;
  count: number;
}

export interface DecodeWork {
  /** Packets of the video stream that were given to the decoder. */
  packetsDecoded: number;
  /** Frames that the decoder gave back, wanted or not. */
  framesDecoded: number;
  /** Frames that were converted to RGB. */
  framesConverted: number;
}

export interface FrameOptions {
  signal?: AbortSignal;
  /**
   * `exact` (default) starts at the key frame before a wanted frame where that saves work and gives the same
   * pixels; `all` decodes every frame from the start.
   */
  path?: 'exact' | 'all';
}

/** Largest picture by default: 100 megapixels is 300 MB of RGB. */
export const defaultMaxPixels = 100_000_000;

/** A file that lies elsewhere and is read by ranges. */
export interface ByteSource {
  /** Bytes. */
  readonly size: number;
  /** Up to `length` bytes from `at`; fewer only at the file's end. */
  read(at: number, length: number): Promise<Uint8Array>;
}

export interface OpenOptions {
  /** In place of the file at the path, which is then only a name for messages. */
  source?: ByteSource;
  /** Decoder threads; 2 by default, and no more than the machine has. */
  threads?: number;
  /** Largest picture in pixels (width x height), 100 million by default; more is CLIP_TOO_LARGE. */
  maxPixels?: number;
}

export interface ClipReader {
  readonly info: ClipInfo;
  /** Reads all packets once (no decoding) and caches the answer. */
  scan(): Promise<PacketScan>;
  /**
   * Decodes and yields the sampled frames in display order, one in memory at a time.
   *
   * Frames that cannot be decoded are left out and counted in {@link dropped}. Throws CLIP_NO_FRAMES where
   * nothing decodes at all, and the signal's reason after an abort.
   */
  frames(sampling: Sampling, options?: FrameOptions): AsyncIterable<Frame>;
  /** Frames that could not be decoded so far, by reason; a frame counts once, however often it is asked for. */
  readonly dropped: readonly Dropped[];
  /** What decoding has cost so far, over all calls of {@link frames}. */
  readonly work: Readonly<DecodeWork>;
  /** Frees everything, also while frames are being drawn; may be called more than once. */
  close(): Promise<void>;
}
