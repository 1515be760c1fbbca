/** Videos and animations through FFmpeg: the {@link ClipReader} of everything that sharp does not read. */
import { availableParallelism } from 'node:os';
import { errors } from '../base/errors.ts';
import { decodePass, type PassSettings, type Route } from './decode.ts';
import { type Container, describeContainer, geometryOf, openContainer } from './demux.ts';
import { extentOf, type MediaFile } from './file.ts';
import { Losses, lossReasons } from './losses.ts';
import { makeConverter } from './rgb.ts';
import { type Sampling, selectFrames } from './sampling.ts';
import { type PacketIndex, scanPackets } from './scan.ts';
import {
  type ClipInfo,
  type ClipReader,
  type DecodeWork,
  type Dropped,
  defaultMaxPixels,
  type Frame,
  type FrameOptions,
  type OpenOptions,
  type PacketScan,
} from './types.ts';

/**
 * Opens a video. Throws CLIP_NOT_MEDIA, CLIP_TRUNCATED, CLIP_NO_VIDEO, CLIP_CODEC_UNKNOWN, CLIP_TOO_LARGE.
 */
export async function openVideo(file: MediaFile, options: OpenOptions = {}): Promise<ClipReader> {
  const container = await openContainer(file, true);
  try {
    const info = describeContainer(file, container);
    const limit = options.maxPixels ?? defaultMaxPixels;
    if (info.width * info.height > limit) {
      throw errors.CLIP_TOO_LARGE(file.path, info.width, info.height, limit);
    }
    return new VideoReader(file, container, info, options);
  } catch (thrown) {
    await container.close();
    throw thrown;
  }
}

interface Scanned {
  index: PacketIndex;
  scan: PacketScan;
}

/** Containers whose own index finds key frames without reading the file. */
const seekable = /^(?:mp4|mov|matroska|webm)$/;

class VideoReader implements ClipReader {
  readonly info: ClipInfo;
  readonly work: DecodeWork = { packetsDecoded: 0, framesDecoded: 0, framesConverted: 0 };
  readonly #file: MediaFile;
  readonly #options: OpenOptions;
  readonly #losses = new Losses();
  /** The probed container: read once by the scan, and kept for its codec parameters. */
  readonly #container: Container;
  readonly #drawing = new Set<AsyncGenerator<Frame, void, void>>();
  #scan: Promise<Scanned> | undefined;
  #closing: Promise<void> | undefined;

  constructor(file: MediaFile, container: Container, info: ClipInfo, options: OpenOptions) {
    this.#file = file;
    this.#container = container;
    this.info = info;
    this.#options = options;
  }

  get dropped(): readonly Dropped[] {
    return this.#losses.list();
  }

  async scan(): Promise<PacketScan> {
    return (await this.#scanOnce()).scan;
  }

  frames(sampling: Sampling, options: FrameOptions = {}): AsyncGenerator<Frame, void, void> {
    const drawing = this.#frames(sampling, options, () => this.#drawing.delete(drawing));
    this.#drawing.add(drawing);
    return drawing;
  }

  close(): Promise<void> {
    this.#closing ??= this.#free();
    return this.#closing;
  }

  async #free(): Promise<void> {
    // Whoever draws frames is stopped first: native memory must not go while it is read.
    for (const drawing of this.#drawing) await drawing.return().catch(() => undefined);
    await this.#scan?.catch(() => undefined);
    await this.#container.close();
  }

  #checkOpen(): void {
    if (this.#closing) throw new Error(`${this.#file.path} was closed while it was read`);
  }

  async *#frames(
    sampling: Sampling,
    options: FrameOptions,
    done: () => void,
  ): AsyncGenerator<Frame, void, void> {
    const check = () => {
      options.signal?.throwIfAborted();
      this.#checkOpen();
    };
    check();
    try {
      const { index, scan } = await this.#scanOnce();
      const wanted = selectFrames(sampling, scan.times, scan.keyFrames);
      const before = this.work.framesDecoded;
      yield* this.#decode(index, scan.times, wanted, routeOf(sampling, index, options), check);
      const anything = wanted.length === 0 || this.work.framesDecoded > before;
      if (!anything) throw errors.CLIP_NO_FRAMES(this.#file.path);
    } finally {
      done();
    }
  }

  async *#decode(
    index: PacketIndex,
    times: Float64Array,
    wanted: readonly number[],
    route: Route,
    check: () => void,
  ): AsyncGenerator<Frame, void, void> {
    const { stream, decoder } = this.#container;
    const converter = makeConverter(geometryOf(stream));
    const settings: Omit<PassSettings, 'wanted' | 'stepBack'> = {
      decoder: {
        codec: decoder,
        parameters: stream.codecpar,
        timeBase: stream.timeBase,
        threads: Math.min(this.#options.threads ?? 2, availableParallelism()),
        maxPixels: this.#options.maxPixels ?? defaultMaxPixels,
      },
      index,
      route,
      seekable: seekable.test(this.info.container),
      losses: this.#losses,
      work: this.work,
      check,
      // What probing found is in the codec parameters already; other containers time their packets by it.
      open: () => openContainer(this.#file, !seekable.test(this.info.container)),
    };
    try {
      let rest = wanted;
      let stepBack = false;
      for (;;) {
        const pass = decodePass({ ...settings, wanted: rest, stepBack });
        let step = await pass.next();
        try {
          for (; !step.done; step = await pass.next()) {
            check();
            const { frame, index: at, afterDamage } = step.value;
            const keyFrame = frame.keyFrame === 1;
            const picture = converter.convert(frame);
            this.work.framesConverted++;
            const timed = { ...picture, index: at, timeSeconds: times[at], keyFrame };
            yield afterDamage ? { ...timed, afterDamage } : timed;
          }
        } finally {
          await pass.return(undefined);
        }
        const missed = step.value;
        if (missed === undefined) return;
        rest = wanted.slice(wanted.indexOf(missed));
        stepBack = true;
      }
    } finally {
      converter.close();
    }
  }

  #scanOnce(): Promise<Scanned> {
    this.#scan ??= this.#scanPackets();
    return this.#scan;
  }

  async #scanPackets(): Promise<Scanned> {
    const index = await scanPackets(this.#container, () => this.#checkOpen());
    const { ticks, keyFrames, bytes } = index;
    if (ticks.length === 0) throw errors.CLIP_NO_FRAMES(this.#file.path);
    const { num, den } = this.#container.stream.timeBase;
    const times = ticks.map((tick) => ((tick - ticks[0]) * num) / den);
    const missing = await this.#missingFrames(index, times);
    this.#losses.set(lossReasons.ended, missing);
    return { index, scan: { frames: ticks.length, keyFrames, times, bytes, truncated: missing > 0 } };
  }

  /** Frames that the container announces and the file does not hold. */
  async #missingFrames({ packets }: PacketIndex, times: Float64Array): Promise<number> {
    const { container, durationSeconds, frameRate } = this.info;
    const indexed = container === 'mp4' || container === 'mov';
    const counted = indexed ? Number(this.#container.stream.nbFrames) - packets : 0;
    if (counted > 0) return counted;
    const lasted = times[times.length - 1] + 1 / (frameRate ?? 25);
    const missing = Math.round(((durationSeconds ?? 0) - lasted) * (frameRate ?? 25));
    // Without an index, the announced duration is the best guess; at least one frame is gone.
    if ((await extentOf(this.#file)).cut) return Math.max(1, missing);
    // Damage inside a Matroska file can end it as well; with sound the duration may be that of the sound.
    const silent = this.info.audioTracks === 0;
    return /^(?:matroska|webm)$/.test(container) && silent && missing > (frameRate ?? 25) / 2 ? missing : 0;
  }
}

function routeOf(sampling: Sampling, index: PacketIndex, { path }: FrameOptions): Route {
  if (path === 'all') return 'all';
  if (sampling.kind === 'keyframes') return 'keyframes';
  return index.exact ? 'restart' : 'all';
}
