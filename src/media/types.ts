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
  /** Share of a frame's worth of bytes: compressed bytes of the video stream. */
  bytes: number;
  /** Set when the file ended before the container said it would. */
  truncated: boolean;
}

/** Something that was left out, and why. Counted in every result. */
export interface Dropped {
  reason: string;
  count: number;
}

export interface ClipReader {
  readonly info: ClipInfo;
  /** Reads all packets once (no decoding) and caches the answer. */
  scan(): Promise<PacketScan>;
  /** Decodes and yields the sampled frames in display order, one in memory at a time. */
  frames(sampling: Sampling, options?: { signal?: AbortSignal }): AsyncIterable<Frame>;
  /** Frames and packets that could not be decoded so far, by reason. */
  readonly dropped: readonly Dropped[];
  close(): Promise<void>;
}
