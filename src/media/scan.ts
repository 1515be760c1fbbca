/** The packet scan: frame count, times and key frames, from one pass over the packets without decoding. */
import { setImmediate } from 'node:timers/promises';
import { AV_CODEC_ID_VP8, AV_PKT_FLAG_DISCARD } from 'node-av/constants';
import { Packet } from 'node-av/lib';
import type { Container } from './demux.ts';
import { ended, noTimestamp, starved } from './ffmpeg.ts';

/** What the reader remembers of a clip's packets: 8 bytes a frame, and 8 a key frame. */
export interface PacketIndex {
  /** Presentation timestamps in display order, in the stream's time base. */
  ticks: Float64Array;
  /** Display indices of key frames, ascending; decoding-order positions where not `exact`. */
  keyFrames: number[];
  /** Every packet has its own presentation timestamp: a frame is known by it, wherever decoding starts. */
  exact: boolean;
  bytes: number;
  /** Packets of the stream, those that show no frame included. */
  packets: number;
}

/** More unreadable stretches than this in a row, and the rest of the file is given up. */
const patience = 100;

/** Whether a packet of the stream shows a frame. */
export function showsFrame(packet: Packet, codecId: number): boolean {
  // Edit lists mark what precedes the first shown frame.
  if (packet.flags & AV_PKT_FLAG_DISCARD) return false;
  // VP8 stores alternate reference frames as packets of their own (RFC 6386 §9.1: show_frame is bit 4).
  if (codecId === AV_CODEC_ID_VP8) return ((packet.data?.[0] ?? 0x10) & 0x10) !== 0;
  return true;
}

/**
 * Reads packets one at a time, never blocking the event loop for long. The packet is reused: whoever draws
 * them is done with one before the next. Read errors inside the file are passed over.
 */
export async function* readPackets(
  { format, stream, waits }: Container,
  pause: () => Promise<void> | undefined,
): AsyncGenerator<Packet, void, void> {
  const packet = new Packet();
  packet.alloc();
  try {
    for (let failures = 0; failures < patience; ) {
      const code = waits ? await format.readFrame(packet) : format.readFrameSync(packet);
      if (ended(code)) return;
      if (code < 0 && !starved(code)) failures++;
      else if (code >= 0) {
        failures = 0;
        // An empty packet (AVI's "show that again") means "end of stream" to a decoder.
        if (packet.streamIndex === stream.index && packet.size > 0) yield packet;
        packet.unref();
      }
      const waiting = pause();
      if (waiting) await waiting;
    }
  } finally {
    packet.free();
  }
}

/**
 * A pause that does nothing for most calls, and lets the event loop turn once every few milliseconds.
 * FFmpeg's synchronous calls are measurably faster than its promises (0.9 against 1.25 ms a frame).
 */
export function breather(check: () => void, everyMs = 8): () => Promise<void> | undefined {
  let last = performance.now();
  return () => {
    if (performance.now() - last < everyMs) return undefined;
    return setImmediate().then(() => {
      last = performance.now();
      check();
    });
  };
}

/** Presentation timestamp of a packet; NaN where the container gives none. */
export function ticksOf({ pts }: Packet): number {
  return pts === noTimestamp ? Number.NaN : Number(pts);
}

/** Reads all packets once. 16 bytes a frame while it runs, 8 after. */
export async function scanPackets(container: Container, check: () => void): Promise<PacketIndex> {
  const { codecpar } = container.stream;
  const shown = new Timestamps();
  const decoded = new Timestamps();
  /** Decoding-order positions. */
  const keys: number[] = [];
  let packets = 0;
  let bytes = 0;
  for await (const packet of readPackets(container, breather(check))) {
    packets++;
    bytes += packet.size;
    if (!showsFrame(packet, codecpar.codecId)) continue;
    if (packet.isKeyframe) keys.push(shown.count);
    shown.push(ticksOf(packet));
    decoded.push(packet.dts === noTimestamp ? Number.NaN : Number(packet.dts));
  }
  const pts = shown.values();
  const keyTicks = Float64Array.from(keys, (position) => pts[position]).sort();
  const ticks = pts.sort();
  if (increases(ticks)) {
    return {
      ticks,
      keyFrames: Array.from(keyTicks, (tick) => find(ticks, tick)),
      exact: true,
      bytes,
      packets,
    };
  }
  // AVI and MPEG-PS often time only some of the packets. Decoding times are as evenly spaced as the frames.
  const dts = decoded.values();
  return {
    ticks: increases(dts) ? dts : evenTicks(container, packets),
    keyFrames: keys,
    exact: false,
    bytes,
    packets,
  };
}

/** Raw streams have no time at all: the mean frame rate is all there is. */
function evenTicks({ stream: { avgFrameRate, timeBase } }: Container, count: number): Float64Array {
  const rate = avgFrameRate.num > 0 && avgFrameRate.den > 0 ? avgFrameRate.num / avgFrameRate.den : 25;
  const step = timeBase.den / (timeBase.num * rate);
  return Float64Array.from({ length: count }, (_, i) => i * step);
}

/** Whether every value is there (NaN compares false) and greater than the one before. */
function increases(values: Float64Array): boolean {
  if (values.length > 0 && Number.isNaN(values[0])) return false;
  for (let i = 1; i < values.length; i++) if (!(values[i] > values[i - 1])) return false;
  return true;
}

/** A list of numbers at 8 bytes each, growing. */
class Timestamps {
  count = 0;
  #buffer = new Float64Array(1024);

  push(value: number): void {
    if (this.count === this.#buffer.length) {
      const larger = new Float64Array(this.count * 2);
      larger.set(this.#buffer);
      this.#buffer = larger;
    }
    this.#buffer[this.count++] = value;
  }

  values(): Float64Array {
    return this.#buffer.slice(0, this.count);
  }
}

/** Position of a value in an ascending array, or -1. */
export function find(sorted: Float64Array, value: number): number {
  let low = 0;
  let high = sorted.length - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    if (sorted[middle] === value) return middle;
    if (sorted[middle] < value) low = middle + 1;
    else high = middle - 1;
  }
  return -1;
}
