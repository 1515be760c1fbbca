/** The packet scan: frame count, times and key frames, from one pass over the packets without decoding. */
import { setImmediate } from 'node:timers/promises';
import { AV_CODEC_ID_VP8, AV_PKT_FLAG_CORRUPT, AV_PKT_FLAG_DISCARD } from 'node-av/constants';
import { Packet } from 'node-av/lib';
import type { Container } from './demux.ts';
import { ended, noTimestamp, starved } from './ffmpeg.ts';

/** What the reader remembers of a clip's packets: 8 bytes a frame, and 8 a key frame. */
export interface PacketIndex {
  /** Presentation timestamps in display order, in the stream's time base. */
  ticks: Float64Array;
  /** Display indices of key frames, ascending. */
  keyFrames: number[];
  /** Every packet has its own presentation timestamp: a frame is known by it, wherever decoding starts. */
  exact: boolean;
  bytes: number;
  /** Packets that the demuxer marked as incomplete. */
  corrupt: number;
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
  { format, stream }: Container,
  pause: () => Promise<void> | undefined,
): AsyncGenerator<Packet, void, void> {
  const packet = new Packet();
  packet.alloc();
  try {
    for (let failures = 0; failures < patience; ) {
      const code = format.readFrameSync(packet);
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

/** Timestamp of a packet in display order; decoding order where the container has nothing better. */
export function ticksOf(packet: Packet): number {
  const { pts } = packet;
  return Number(pts === noTimestamp ? packet.dts : pts);
}

export async function scanPackets(container: Container, check: () => void): Promise<PacketIndex> {
  const { codecpar, timeBase, avgFrameRate } = container.stream;
  const rate = avgFrameRate.num > 0 && avgFrameRate.den > 0 ? avgFrameRate.num / avgFrameRate.den : 25;
  const ticksPerFrame = timeBase.den / (timeBase.num * rate);
  let ticks = new Float64Array(1024);
  const keys: number[] = [];
  let count = 0;
  let packets = 0;
  let exact = true;
  let bytes = 0;
  let corrupt = 0;
  for await (const packet of readPackets(container, breather(check))) {
    packets++;
    bytes += packet.size;
    if (packet.flags & AV_PKT_FLAG_CORRUPT) corrupt++;
    if (!showsFrame(packet, codecpar.codecId)) continue;
    if (packet.pts === noTimestamp) exact = false;
    let tick = ticksOf(packet);
    // Raw streams have no time at all: the mean frame rate is all there is.
    if (tick === Number(noTimestamp)) tick = Math.round(count * ticksPerFrame);
    if (count === ticks.length) {
      const larger = new Float64Array(count * 2);
      larger.set(ticks);
      ticks = larger;
    }
    ticks[count++] = tick;
    if (packet.isKeyframe) keys.push(tick);
  }
  ticks = ticks.slice(0, count).sort();
  for (let i = 1; i < count && exact; i++) exact = ticks[i] !== ticks[i - 1];
  const keyFrames = keys.sort((a, b) => a - b).map((tick) => find(ticks, tick));
  return { ticks, keyFrames, exact, bytes, corrupt, packets };
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
