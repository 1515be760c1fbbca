/** Videos through mediabunny and WebCodecs: the {@link ClipReader} of a browser. */
import {
  EncodedPacketSink,
  type Input,
  type InputVideoTrack,
  type VideoSample,
  VideoSampleSink,
} from 'mediabunny';
import { errors } from '../../base/errors.ts';
import { Losses, lossReasons } from '../losses.ts';
import { planSegments } from '../plan.ts';
import { type Sampling, selectFrames } from '../sampling.ts';
import type { ClipInfo, ClipReader, DecodeWork, Dropped, Frame, FrameOptions, PacketScan } from '../types.ts';
import { type Look, pictureOf } from './pixels.ts';

export interface OpenVideo {
  input: Input;
  track: InputVideoTrack;
  info: ClipInfo;
  look: Look;
  /** The file is shorter than its container says. */
  cut: boolean;
}

/** A decoded frame is the wanted one where their times differ by less, in seconds. */
const sameTime = 5e-4;

export class BrowserVideoReader implements ClipReader {
  readonly info: ClipInfo;
  readonly work: DecodeWork = { packetsDecoded: 0, framesDecoded: 0, framesConverted: 0 };
  readonly #video: OpenVideo;
  readonly #losses = new Losses();
  #scan: Promise<Scanned> | undefined;

  constructor(video: OpenVideo) {
    this.#video = video;
    this.info = video.info;
  }

  get dropped(): readonly Dropped[] {
    return this.#losses.list();
  }

  async scan(): Promise<PacketScan> {
    return (await this.#scanOnce()).scan;
  }

  /** Abort and close are looked at between frames. WebCodecs cannot be told to leave out unreferenced frames. */
  async *frames(sampling: Sampling, { signal }: FrameOptions = {}): AsyncGenerator<Frame, void, void> {
    signal?.throwIfAborted();
    const { scan, timestamps } = await this.#scanOnce();
    const wanted = selectFrames(sampling, scan.times, scan.keyFrames);
    const before = this.work.framesDecoded;
    yield* this.#draw(wanted, {
      scan,
      timestamps,
      keys: new Set(scan.keyFrames),
      signal,
      straightOnTried: false,
    });
    const anything = wanted.length === 0 || this.work.framesDecoded > before;
    if (!anything) throw errors.CLIP_NO_FRAMES(this.info.path);
  }

  async close(): Promise<void> {
    this.#video.input.dispose();
  }

  /**
   * Yields what decodes of the wanted frames; false where some were lost. A decoder that meets a damaged packet stops and
   * does not say where, so what is missing is tried again: once from the clip's start without restarts, because some
   * streams say at their start what decoding needs throughout (old x264's 4:4:4 does); then in smaller parts, by key frame
   * first, by halves after.
   */
  async *#draw(wanted: readonly number[], drawing: Drawing): AsyncGenerator<Frame, boolean, void> {
    let rest = yield* this.#pass(wanted, drawing);
    if (rest.length === 0) return true;
    if (!drawing.straightOnTried && drawing.scan.keyFrames.length > 1) {
      drawing.straightOnTried = true;
      rest = yield* this.#pass(rest, drawing, true);
      if (rest.length === 0) return true;
    }
    const [first, ...others] = planSegments(rest, drawing.scan.keyFrames, 0);
    if (others.length > 0) {
      const whole = yield* this.#draw(first.targets, drawing);
      const all = yield* this.#draw(
        others.flatMap(({ targets }) => targets),
        drawing,
      );
      return whole && all;
    }
    if (rest.length > 1) {
      const half = rest.length >> 1;
      const whole = yield* this.#draw(rest.slice(0, half), drawing);
      if (whole) return yield* this.#draw(rest.slice(half), drawing);
      // What comes after a damaged packet and before the next key frame refers to it.
      for (const index of rest.slice(half)) this.#losses.lose(index, lossReasons.undecodable);
      return false;
    }
    this.#losses.lose(rest[0], lossReasons.undecodable);
    return false;
  }

  /** One pass of a decoder; returns the wanted frames that it did not come to because it failed. */
  async *#pass(
    wanted: readonly number[],
    drawing: Drawing,
    straightOn = false,
  ): AsyncGenerator<Frame, readonly number[], void> {
    const { scan, timestamps, keys, signal } = drawing;
    const { track, look } = this.#video;
    const times = wanted.map((index) => timestamps[index]);
    const sink = new VideoSampleSink(track);
    const samples = straightOn ? pick(sink, times) : sink.samplesAtTimestamps(times);
    let due = 0;
    try {
      while (due < wanted.length) {
        signal?.throwIfAborted();
        let sample: VideoSample | null | undefined;
        try {
          sample = (await samples.next()).value ?? null;
        } catch {
          return wanted.slice(due);
        }
        const index = wanted[due++];
        if (!sample || Math.abs(sample.timestamp - timestamps[index]) > sameTime) {
          sample?.close();
          this.#losses.lose(index, lossReasons.undecodable);
          continue;
        }
        this.work.framesDecoded++;
        const picture = await pictureOf(sample, look).finally(() => sample.close());
        this.work.framesConverted++;
        this.#losses.found(index);
        yield { ...picture, index, timeSeconds: scan.times[index], keyFrame: keys.has(index) };
      }
      return [];
    } finally {
      await samples.return(undefined);
    }
  }

  #scanOnce(): Promise<Scanned> {
    this.#scan ??= this.#scanPackets();
    return this.#scan;
  }

  async #scanPackets(): Promise<Scanned> {
    const { track, info, cut } = this.#video;
    const sink = new EncodedPacketSink(track);
    const codec = await track.getCodec();
    // Data are read where only they tell: hidden frames of VP8, and where a file that was cut off ends.
    const metadataOnly = codec !== 'vp8' && !cut;
    const found: { timestamp: number; key: boolean }[] = [];
    let bytes = 0;
    let ended = false;
    try {
      for await (const packet of sink.packets(undefined, undefined, { metadataOnly })) {
        bytes += packet.byteLength;
        // VP8 stores alternate reference frames as packets of their own (RFC 6386 §9.1: show_frame is bit 4).
        if (codec === 'vp8' && (packet.data[0] & 0x10) === 0) continue;
        // Before zero lies what an edit list leaves out.
        if (packet.timestamp < 0) continue;
        found.push({ timestamp: packet.timestamp, key: packet.type === 'key' });
      }
    } catch (thrown) {
      if (!cut) throw errors.CLIP_NOT_MEDIA(info.path, thrown instanceof Error ? thrown.message : 'damaged');
      ended = true;
    }
    if (found.length === 0) throw errors.CLIP_NO_FRAMES(info.path);
    found.sort((a, b) => a.timestamp - b.timestamp);
    const missing = cut || ended ? await this.#missing(found.length) : 0;
    this.#losses.set(lossReasons.ended, missing);
    const timestamps = Float64Array.from(found, ({ timestamp }) => timestamp);
    return {
      timestamps,
      scan: {
        frames: found.length,
        keyFrames: found.flatMap(({ key }, index) => (key ? [index] : [])),
        times: timestamps.map((time) => time - timestamps[0]),
        bytes,
        truncated: missing > 0,
      },
    };
  }

  /** Frames that the container's index announces and the file does not hold; at least one is gone. */
  async #missing(found: number): Promise<number> {
    let announced = 0;
    try {
      const sink = new EncodedPacketSink(this.#video.track);
      for await (const _ of sink.packets(undefined, undefined, { metadataOnly: true })) announced++;
    } catch {
      // The index itself ends early.
    }
    return Math.max(1, announced - found);
  }
}

/** Decodes from the first packet to the last wanted frame and lets the others go. */
async function* pick(
  sink: VideoSampleSink,
  times: readonly number[],
): AsyncGenerator<VideoSample | null, void, unknown> {
  let due = 0;
  for await (const sample of sink.samples()) {
    while (due < times.length && times[due] < sample.timestamp - sameTime) {
      due++;
      yield null;
    }
    if (due < times.length && times[due] < sample.timestamp + sameTime) {
      due++;
      yield sample;
      if (due === times.length) return;
    } else sample.close();
  }
}

interface Scanned {
  scan: PacketScan;
  /** The container's own times in display order, which mediabunny knows frames by. */
  timestamps: Float64Array;
}

interface Drawing extends Scanned {
  keys: ReadonlySet<number>;
  signal: AbortSignal | undefined;
  /** Whether the one pass without restarts has been made. */
  straightOnTried: boolean;
}
