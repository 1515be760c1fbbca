/** One pass over a clip: reads packets, decodes what the plan needs, gives back the wanted frames. */
import { AV_FRAME_FLAG_CORRUPT, AV_PKT_FLAG_CORRUPT, AVSEEK_FLAG_BACKWARD } from 'node-av/constants';
import type { Frame as AvFrame, Packet } from 'node-av/lib';
import { Decoder, type DecoderSettings } from './decoder.ts';
import type { Container } from './demux.ts';
import { type Losses, lossReasons } from './losses.ts';
import { planSegments } from './plan.ts';
import { breather, find, type PacketIndex, readPackets, showsFrame, ticksOf } from './scan.ts';
import type { DecodeWork } from './types.ts';

/** How a pass may take short cuts. */
export type Route =
  /** Every packet from the first one. */
  | 'all'
  /** From the key frame before each wanted frame. */
  | 'restart'
  /** Key frames alone, each by itself. */
  | 'keyframes';

export interface PassSettings {
  decoder: DecoderSettings;
  index: PacketIndex;
  /** Ascending display indices. */
  wanted: readonly number[];
  route: Route;
  /** Start the first restart one key frame earlier: the nearest one did not give the first wanted frame. */
  stepBack: boolean;
  /** Whether the container's own index can be trusted to find a key frame. */
  seekable: boolean;
  losses: Losses;
  work: DecodeWork;
  /** Throws where the pass should end: abort, reader closed. */
  check: () => void;
  open: () => Promise<Container>;
}

export interface DecodedFrame {
  /** Reused: the consumer's until it asks for the next. */
  frame: AvFrame;
  index: number;
  afterDamage: boolean;
}

/** Fewer skipped frames than this do not repay emptying and refilling the decoder. */
const restartMargin = 4;
/** Reading on is quicker than seeking up to about this many packets. */
const seekMargin = 250;

/**
 * Yields the wanted frames that decode, in display order. Returns the display index of the first wanted frame
 * that a restart at its key frame did not give, and ends there; undefined where all went as planned.
 */
export async function* decodePass(settings: PassSettings): AsyncGenerator<DecodedFrame, number | undefined> {
  const pass = new Pass(settings, await settings.open());
  try {
    return yield* pass.run();
  } finally {
    await pass.close();
  }
}

class Pass {
  readonly #settings: PassSettings;
  readonly #decoder: Decoder;
  readonly #pause: () => Promise<void> | undefined;
  #container: Container;
  #packets: AsyncGenerator<Packet, void, void>;
  /** Wanted frames whose packets have not been given to the decoder. */
  readonly #unsent: Set<number>;
  /** Display indices that were given to the decoder and have not come back. */
  readonly #awaited = new Set<number>();
  /** Those of them whose packets the demuxer marked as incomplete: decoders do not always notice. */
  readonly #incomplete = new Set<number>();
  /** Where the decoder was last started; undefined: at the start of the clip. */
  #key: number | undefined;
  /** Wanted frames before this position have come back or are lost. */
  #due = 0;
  /** Frames that came out, for clips whose frames are known by their order only. */
  #ordinal = 0;
  /** Display indices: the last frame that was lost, and the last key frame that came out. */
  #lastLost = -1;
  #lastKey = -1;
  #missed: number | undefined;

  constructor(settings: PassSettings, container: Container) {
    this.#settings = settings;
    this.#container = container;
    this.#unsent = new Set(settings.route === 'restart' ? settings.wanted : []);
    this.#pause = breather(settings.check);
    this.#packets = readPackets(container, this.#pause);
    try {
      this.#decoder = new Decoder(settings.decoder);
    } catch (thrown) {
      void container.close();
      throw thrown;
    }
  }

  async close(): Promise<void> {
    await this.#packets.return();
    this.#decoder.close();
    await this.#container.close();
  }

  run(): AsyncGenerator<DecodedFrame, number | undefined> {
    if (this.#settings.route === 'keyframes') return this.#keyFrames();
    return this.#settings.route === 'restart' ? this.#restarts() : this.#everything();
  }

  /** Decodes from the start and stops after the last wanted frame. */
  async *#everything(): AsyncGenerator<DecodedFrame, number | undefined> {
    const { wanted, index, losses } = this.#settings;
    for await (const packet of this.#packets) {
      yield* this.#feed(packet, this.#indexOfPacket(packet));
      if (this.#due >= wanted.length) return undefined;
    }
    yield* this.#drain();
    // Without timestamps nobody knows which frame is missing, only that the decoder complained.
    if (!index.exact) losses.set(lossReasons.undecodable, this.#decoder.errors);
    return undefined;
  }

  /** Gives each wanted key frame to an empty decoder, by itself. */
  async *#keyFrames(): AsyncGenerator<DecodedFrame, number | undefined> {
    const { wanted, index } = this.#settings;
    let key = 0;
    for await (const packet of this.#packets) {
      if (!packet.isKeyframe || !showsFrame(packet, this.#codecId)) continue;
      // Without timestamps, key frames are known by their order, which reordering does not change.
      const at = index.exact ? this.#indexOfPacket(packet) : index.keyFrames[key++];
      if (wanted[this.#due] !== at) continue;
      this.#key = at;
      this.#ordinal = at;
      yield* this.#feed(packet, at);
      yield* this.#drain();
      if (this.#due >= wanted.length) return undefined;
    }
    return undefined;
  }

  /** Restarts at key frames, and leaves out unreferenced frames in between. Needs exact timestamps. */
  async *#restarts(): AsyncGenerator<DecodedFrame, number | undefined> {
    const { index, wanted, stepBack } = this.#settings;
    const segments = planSegments(wanted, index.keyFrames, restartMargin);
    if (stepBack && segments.length > 0) {
      const before = index.keyFrames.indexOf(segments[0].key ?? -1) - 1;
      segments[0] = { ...segments[0], key: before < 0 ? undefined : index.keyFrames[before] };
    }
    /** Last key frame that was given to the decoder, which has reached it. */
    let reached = -1;
    let position = 0;
    for (const [number, { key, targets }] of segments.entries()) {
      let waiting = targets.filter((target) => this.#unsent.has(target)).length;
      // In an open group of pictures a frame shown before the key frame is stored after it: no restart then.
      let feeding = number > 0 && key !== undefined && key <= reached;
      if (!feeding) {
        yield* this.#drain();
        if (this.#missed !== undefined) return this.#missed;
        this.#key = key;
        this.#lastKey = -1;
        this.#lastLost = -1;
        await this.#approach(key, position);
      }
      while (waiting > 0) {
        const { value: packet, done } = await this.#packets.next();
        if (done) break;
        const at = this.#indexOfPacket(packet);
        feeding ||= key === undefined || at === key;
        if (!feeding) continue;
        if (packet.isKeyframe) reached = Math.max(reached, at);
        const isTarget = this.#unsent.delete(at);
        if (isTarget) waiting--;
        this.#decoder.skipUnreferenced(!isTarget);
        // Skipped frames never come back.
        yield* this.#feed(packet, isTarget ? at : -1);
        if (this.#missed !== undefined) return this.#missed;
      }
      position = targets[targets.length - 1];
    }
    yield* this.#drain();
    // The file ended before their packets came: it has changed since the scan.
    if (this.#missed === undefined) {
      for (const at of wanted.slice(this.#due)) this.#settings.losses.lose(at, lossReasons.ended);
    }
    return this.#missed;
  }

  /** Brings the demuxer to a key frame by seeking where that is quicker than reading on. */
  async #approach(key: number | undefined, position: number): Promise<void> {
    const { seekable, index, open } = this.#settings;
    if (!seekable || key === undefined || key - position <= seekMargin) return;
    const { format, stream } = this.#container;
    await this.#packets.return();
    const code = await format.seekFrame(stream.index, BigInt(index.ticks[key]), AVSEEK_FLAG_BACKWARD);
    this.#packets = readPackets(this.#container, this.#pause);
    if (code >= 0 && (await this.#landsBefore(key))) return;
    // The container's index is wrong: read from the start, which is always right.
    await this.#packets.return();
    await this.#container.close();
    this.#container = await open();
    this.#packets = readPackets(this.#container, this.#pause);
  }

  /** Whether the packets after a seek still include the key frame; leaves the demuxer where the seek put it. */
  async #landsBefore(key: number): Promise<boolean> {
    const { format, stream } = this.#container;
    const { ticks } = this.#settings.index;
    const { value: packet } = await this.#packets.next();
    if (!packet?.isKeyframe || ticksOf(packet) > ticks[key]) return false;
    await this.#packets.return();
    const code = await format.seekFrame(stream.index, BigInt(ticks[key]), AVSEEK_FLAG_BACKWARD);
    this.#packets = readPackets(this.#container, this.#pause);
    return code >= 0;
  }

  get #codecId(): number {
    return this.#settings.decoder.parameters.codecId;
  }

  /** Display index of the frame that a packet shows; -1 where it shows none or only the order tells. */
  #indexOfPacket(packet: Packet): number {
    const { index } = this.#settings;
    return index.exact && showsFrame(packet, this.#codecId) ? find(index.ticks, ticksOf(packet)) : -1;
  }

  *#feed(packet: Packet, at: number): Generator<DecodedFrame, void, void> {
    if (at >= (this.#key ?? 0)) this.#awaited.add(at);
    if (packet.flags & AV_PKT_FLAG_CORRUPT) this.#incomplete.add(at);
    this.#settings.work.packetsDecoded++;
    yield* this.#take(this.#decoder.decode(packet));
  }

  /** Takes what is left in the decoder and empties it for a restart. */
  *#drain(): Generator<DecodedFrame, void, void> {
    yield* this.#take(this.#decoder.decode(null));
    this.#decoder.reset();
    this.#lose(Number.POSITIVE_INFINITY);
  }

  *#take(frames: Iterable<AvFrame>): Generator<DecodedFrame, void, void> {
    const { index, wanted, work, losses } = this.#settings;
    for (const frame of frames) {
      work.framesDecoded++;
      const at = index.exact ? find(index.ticks, Number(frame.bestEffortTimestamp)) : this.#ordinal++;
      if (at < (this.#key ?? 0)) continue;
      // Frames come out in display order: what is awaited from before this one will not come.
      this.#lose(at);
      this.#awaited.delete(at);
      const key = frame.keyFrame === 1;
      const incomplete = this.#incomplete.delete(at);
      if (incomplete || frame.flags & AV_FRAME_FLAG_CORRUPT || frame.decodeErrorFlags !== 0) {
        this.#loseFrame(at, lossReasons.damaged);
      } else {
        if (key) this.#lastKey = Math.max(this.#lastKey, at);
        if (this.#missed === undefined && wanted[this.#due] === at) {
          this.#due++;
          losses.found(at);
          yield { frame, index: at, afterDamage: this.#lastLost > this.#lastKey };
        }
      }
      if (this.#missed !== undefined) return;
    }
  }

  /** Counts as lost whatever is awaited from before a display index. */
  #lose(before: number): void {
    for (const at of this.#awaited) {
      if (at >= before) continue;
      this.#awaited.delete(at);
      this.#loseFrame(at, lossReasons.undecodable);
    }
    const { wanted } = this.#settings;
    // Frames that only their order tells have no losses in between.
    while (this.#due < wanted.length && wanted[this.#due] < before && before !== Number.POSITIVE_INFINITY) {
      this.#due++;
    }
  }

  #loseFrame(at: number, reason: string): void {
    const { wanted, route, stepBack, losses, index } = this.#settings;
    losses.lose(at, reason);
    this.#lastLost = Math.max(this.#lastLost, at);
    if (wanted[this.#due] !== at) return;
    // A restart may have begun at a frame that only claims to be a key frame: worth one more try.
    const retried = stepBack && this.#due === 0;
    const canStepBack = this.#key !== undefined && this.#key > index.keyFrames[0];
    if (route === 'restart' && canStepBack && !retried) this.#missed ??= at;
    else this.#due++;
  }
}
