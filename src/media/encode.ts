/** Pictures to video files through FFmpeg: compression studies, and the odd clips of the tests. */
import { rm } from 'node:fs/promises';
import { resolve } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import {
  AV_CODEC_FLAG_FRAME_DURATION,
  AV_CODEC_FLAG_GLOBAL_HEADER,
  AV_CODEC_FLAG_QSCALE,
  AV_PIX_FMT_RGB24,
  AV_PKT_DATA_DISPLAYMATRIX,
  AVCOL_RANGE_JPEG,
  AVCOL_RANGE_MPEG,
  AVCOL_SPC_BT470BG,
  AVCOL_SPC_BT709,
  AVCOL_SPC_RGB,
  AVFMT_GLOBALHEADER,
  type FFEncoderCodec,
} from 'node-av/constants';
import {
  Frame as AvFrame,
  avGetPixFmtFromName,
  Codec,
  CodecContext,
  FFmpegError,
  FormatContext,
  Packet,
  Rational,
  SoftwareScaleContext,
  type Stream,
} from 'node-av/lib';
import { errors } from '../base/errors.ts';
import { ended, must, reasonOf, starved } from './ffmpeg.ts';
import type { Picture } from './types.ts';

export type TimedPicture = Picture & { timeSeconds: number };

export interface EncodeOptions {
  /** FFmpeg's encoder: `libx264`, `libx265`, `libvpx-vp9`, `libsvtav1`, `mpeg1video`, `prores_ks`, … */
  codec?: string;
  /** Constant quality: CRF for encoders that have it (x264: 0 lossless to 51), else the quantiser 1 to 31. */
  crf?: number;
  /** Frames a second; the pictures' own times are then ignored. Left out: their times, to 1/90000 s. */
  frameRate?: number;
  /** FFmpeg's name, `yuv420p` by default. */
  pixelFormat?: string;
  /** Most frames from one key frame to the next. */
  keyFrameInterval?: number;
  /** FFmpeg's muxer; by the file's extension where left out. */
  container?: string;
  /** Clockwise degrees that a player shall turn the stored pictures: 90, 180, 270. */
  rotation?: number;
  /** Width : height of a stored pixel. */
  sampleAspect?: readonly [number, number];
  colour?: 'bt601' | 'bt709';
  /** Luma 0 to 255 (`full`) or 16 to 235 (`limited`, default). */
  range?: 'full' | 'limited';
  /** Further options of the encoder, by FFmpeg's names. */
  codecOptions?: Readonly<Record<string, string>>;
  /** Further options of the muxer, such as `movflags`: `faststart`. */
  containerOptions?: Readonly<Record<string, string>>;
}

/**
 * Encodes pictures of one size to a file; returns how many. The file is removed where encoding fails.
 * Throws OUTPUT_UNWRITABLE.
 */
export async function encodeVideo(
  pictures: AsyncIterable<TimedPicture> | Iterable<TimedPicture>,
  path: string,
  options: EncodeOptions = {},
): Promise<number> {
  let encoder: VideoEncoder | undefined;
  try {
    for await (const picture of pictures) {
      encoder ??= new VideoEncoder(path, picture, options);
      encoder.add(picture);
      // The synchronous calls are the quick ones; the event loop turns in between.
      await setImmediate();
    }
    if (!encoder) throw new Error('encodeVideo was given no picture');
    encoder.finish();
    return encoder.count;
  } catch (thrown) {
    encoder?.close();
    if (encoder) await rm(path, { force: true });
    throw thrown;
  } finally {
    encoder?.close();
  }
}

/** Encoders whose constant quality goes by `crf`. */
const hasCrf = /^lib(?:x264|x265|vpx|svtav1)/;

class VideoEncoder {
  count = 0;
  readonly #path: string;
  readonly #options: EncodeOptions;
  readonly #format = new FormatContext();
  readonly #codec = new CodecContext();
  readonly #scaler = new SoftwareScaleContext();
  readonly #packet = new Packet();
  readonly #stream: Stream;
  readonly #size: { width: number; height: number };
  /** The last picture, converted: how long it is shown is known when the next one comes. */
  #held: AvFrame | undefined;
  #lastDuration: bigint | undefined;
  #open = true;

  constructor(path: string, { width, height }: Picture, options: EncodeOptions) {
    this.#path = path;
    this.#options = options;
    this.#size = { width, height };
    this.#packet.alloc();
    this.#scaler.allocContext();
    must(this.#scaler.setOption('sws_flags', 'bicubic+accurate_rnd+full_chroma_inp'), 'setting scale flags');
    try {
      const url = `file:${resolve(path)}`;
      must(
        this.#format.allocOutputContext2(null, options.container ?? null, url),
        `choosing a muxer for ${path}`,
      );
      this.#stream = this.#openEncoder();
      for (const [key, value] of Object.entries(options.containerOptions ?? {})) {
        must(this.#format.setOption(key, value), `setting ${key}=${value} of the muxer`);
      }
      const opened = this.#format.openOutputSync();
      if (opened < 0) throw errors.OUTPUT_UNWRITABLE(path, reasonOf(opened));
      this.#written(this.#format.writeHeaderSync(null));
    } catch (thrown) {
      this.close();
      throw thrown;
    }
  }

  #openEncoder(): Stream {
    const { codec: name = 'libx264', crf, frameRate, pixelFormat = 'yuv420p', ...options } = this.#options;
    const codec = Codec.findEncoderByName(name as FFEncoderCodec);
    if (!codec) throw new Error(`FFmpeg has no encoder ${name} here`);
    const context = this.#codec;
    context.allocContext3(codec);
    context.width = this.#size.width;
    context.height = this.#size.height;
    context.pixelFormat = avGetPixFmtFromName(pixelFormat);
    const rate = frameRate === undefined ? undefined : rational(frameRate);
    context.timeBase = rate ? rate.inv() : new Rational(1, 90_000);
    // Rate control and levels want a nominal rate also where the times vary.
    context.framerate = rate ?? new Rational(25, 1);
    if (options.keyFrameInterval !== undefined) context.gopSize = options.keyFrameInterval;
    if (options.sampleAspect) context.sampleAspectRatio = new Rational(...options.sampleAspect);
    context.colorRange = options.range === 'full' ? AVCOL_RANGE_JPEG : AVCOL_RANGE_MPEG;
    if (options.colour) {
      context.colorSpace = options.colour === 'bt709' ? AVCOL_SPC_BT709 : AVCOL_SPC_BT470BG;
    }
    // Otherwise the encoder does not hand durations on.
    context.setFlags(AV_CODEC_FLAG_FRAME_DURATION);
    if ((this.#format.oformat?.flags ?? 0) & AVFMT_GLOBALHEADER)
      context.setFlags(AV_CODEC_FLAG_GLOBAL_HEADER);
    const settings: Record<string, string> = {};
    if (crf !== undefined && hasCrf.test(name)) {
      settings.crf = String(crf);
      if (name.startsWith('libvpx')) context.bitRate = 0n;
    } else if (crf !== undefined) {
      context.setFlags(AV_CODEC_FLAG_QSCALE);
      // FF_QP2LAMBDA
      context.globalQuality = Math.round(crf * 118);
    }
    // Not as a dictionary: node-av 6.1.1 frees one twice in open2Sync.
    for (const [key, value] of Object.entries({ ...settings, ...options.codecOptions })) {
      must(context.setOption(key, value), `setting ${key}=${value} of ${name}`);
    }
    must(context.open2Sync(codec, null), `opening the encoder ${name}`);

    const stream = this.#format.newStream(null);
    must(stream.codecpar.fromContext(context), 'copying codec parameters');
    stream.timeBase = context.timeBase;
    if (rate) stream.avgFrameRate = rate;
    if (options.sampleAspect) stream.sampleAspectRatio = new Rational(...options.sampleAspect);
    if (options.rotation) {
      stream.codecpar.addCodedSideData(
        AV_PKT_DATA_DISPLAYMATRIX,
        displayMatrix(options.rotation, this.#size),
      );
    }
    return stream;
  }

  add(picture: TimedPicture): void {
    const { width, height } = this.#size;
    if (picture.width !== width || picture.height !== height) {
      throw new Error(`encodeVideo was given ${picture.width}x${picture.height} after ${width}x${height}`);
    }
    const { frameRate } = this.#options;
    const ticks = BigInt(frameRate === undefined ? Math.round(picture.timeSeconds * 90_000) : this.count);
    this.#send(ticks);
    const rgb = AvFrame.fromVideoBuffer(Buffer.from(picture.data), {
      width,
      height,
      format: AV_PIX_FMT_RGB24,
    });
    const frame = new AvFrame();
    this.#held = frame;
    try {
      rgb.colorSpace = AVCOL_SPC_RGB;
      rgb.colorRange = AVCOL_RANGE_JPEG;
      frame.alloc();
      frame.width = width;
      frame.height = height;
      frame.format = this.#codec.pixelFormat;
      // Unlabelled: as readers will guess it.
      const hd = width >= 1280 || height > 576;
      const guessed = hd ? AVCOL_SPC_BT709 : AVCOL_SPC_BT470BG;
      const rgbTarget = /^(?:rgb|bgr|gbr|pal8)/.test(this.#options.pixelFormat ?? '');
      frame.colorSpace = rgbTarget ? AVCOL_SPC_RGB : this.#options.colour ? this.#codec.colorSpace : guessed;
      frame.colorRange = rgbTarget ? AVCOL_RANGE_JPEG : this.#codec.colorRange;
      must(this.#scaler.scaleFrameSync(frame, rgb), 'conversion from RGB');
      frame.pts = ticks;
      // Until the next picture tells better: 1/25 s, the nominal frame of a lone picture.
      frame.duration = frameRate === undefined ? (this.#lastDuration ?? 3_600n) : 1n;
      this.count++;
    } finally {
      rgb.free();
    }
  }

  /** Gives the held picture to the encoder. @param until when it stops being shown; undefined: the end */
  #send(until?: bigint): void {
    const frame = this.#held;
    if (!frame) return;
    this.#held = undefined;
    try {
      if (until !== undefined) frame.duration = until - frame.pts;
      this.#lastDuration = frame.duration;
      must(this.#codec.sendFrameSync(frame), 'encoding');
    } finally {
      frame.free();
    }
    this.#drain();
  }

  finish(): void {
    this.#send();
    must(this.#codec.sendFrameSync(null), 'encoding');
    this.#drain();
    this.#written(this.#format.writeTrailerSync());
    this.close();
  }

  #drain(): void {
    for (;;) {
      const code = this.#codec.receivePacketSync(this.#packet);
      if (starved(code) || ended(code)) return;
      must(code, 'encoding');
      this.#packet.streamIndex = this.#stream.index;
      // SVT-AV1 leaves it out, and the mp4 edit list would then cut off the last frame.
      if (this.#packet.duration === 0n) this.#packet.duration = this.#lastDuration ?? 0n;
      this.#packet.rescaleTs(this.#codec.timeBase, this.#stream.timeBase);
      this.#written(this.#format.interleavedWriteFrameSync(this.#packet));
    }
  }

  #written(code: number): void {
    if (code < 0) throw errors.OUTPUT_UNWRITABLE(this.#path, FFmpegError.strerror(code).toLowerCase());
  }

  close(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#held?.free();
    this.#packet.free();
    this.#scaler.freeContext();
    this.#codec.freeContext();
    this.#format.closeOutputSync();
    this.#format.freeContext();
  }
}

/** 25 → 25/1, 29.97 → 30000/1001: the NTSC family is the only one that is not whole in practice. */
function rational(rate: number): Rational {
  if (Number.isInteger(rate)) return new Rational(rate, 1);
  return new Rational(Math.round(rate * 1.001) * 1000, 1001);
}

/** Nine 16.16 numbers (ISO 14496-12 §8.2.2) that turn stored pictures clockwise. */
function displayMatrix(degrees: number, { width, height }: { width: number; height: number }): Buffer {
  const turns: Record<number, readonly number[]> = {
    90: [0, 1, 0, -1, 0, 0, height, 0, 1],
    180: [-1, 0, 0, 0, -1, 0, width, height, 1],
    270: [0, -1, 0, 1, 0, 0, 0, width, 1],
  };
  const matrix = turns[degrees];
  if (!matrix) throw new Error(`rotation must be 90, 180 or 270, not ${degrees}`);
  const buffer = Buffer.alloc(36);
  // The last column is 2.30 fixed point.
  for (const [i, value] of matrix.entries())
    buffer.writeInt32LE(value * (i % 3 === 2 ? 2 ** 30 : 65536), i * 4);
  return buffer;
}
