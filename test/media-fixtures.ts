/** Clips made at test time: every picture carries its number in its pixels, so that frames can be told apart. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  AV_CHANNEL_ORDER_NATIVE,
  AV_CODEC_ID_PCM_S16LE,
  AVMEDIA_TYPE_AUDIO,
  AVMEDIA_TYPE_VIDEO,
  type AVMediaType,
} from 'node-av/constants';
import { FormatContext, Packet, Rational } from 'node-av/lib';
import { afterAll, beforeAll } from 'vitest';
import { type EncodeOptions, encodeVideo, type TimedPicture } from '../src/media/encode.ts';
import type { Picture } from '../src/media/types.ts';

const bits = 10;
const block = 8;

/**
 * A picture of at least 96x64: a red block in its top left corner, its number as black and white blocks along
 * the bottom (least significant bit first), and a gradient that moves with it.
 */
export function numberedPicture(number: number, width = 96, height = 64): Picture {
  const data = new Uint8Array(width * height * 3);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const at = (y * width + x) * 3;
      const bit = Math.floor(x / block);
      if (x < 16 && y < 16) data[at] = 255;
      else if (y >= height - 16 && bit < bits) data.fill((number >> bit) & 1 ? 255 : 0, at, at + 3);
      else {
        data[at] = 60 + ((x + number * 2) % 128);
        data[at + 1] = 60 + ((y + number) % 128);
        data[at + 2] = 128;
      }
    }
  }
  return { width, height, data };
}

/** The number that a decoded picture carries, whatever size it was scaled to. */
export function numberOf({ width, height, data }: Picture, storedWidth = 96, storedHeight = 64): number {
  let number = 0;
  for (let bit = 0; bit < bits; bit++) {
    const x = Math.floor(((bit + 0.5) * block * width) / storedWidth);
    const y = Math.floor(((storedHeight - 8) * height) / storedHeight);
    if (data[(y * width + x) * 3 + 1] > 127) number |= 1 << bit;
  }
  return number;
}

export function pixel({ width, data }: Picture, x: number, y: number): [number, number, number] {
  const at = (y * width + x) * 3;
  return [data[at], data[at + 1], data[at + 2]];
}

/** Numbered pictures at given times (seconds), 25 a second by default. */
export function* numberedPictures(
  count: number,
  { width = 96, height = 64, time = (i: number) => i / 25 } = {},
): Generator<TimedPicture> {
  for (let i = 0; i < count; i++) yield { ...numberedPicture(i, width, height), timeSeconds: time(i) };
}

/** A temporary folder for one test file, gone afterwards. Returns a function that makes paths in it. */
export function temporaryFolder(): (name: string) => string {
  let folder = '';
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'mesoscope-media-'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));
  return (name) => join(folder, name);
}

/** Encodes numbered pictures; returns the path. */
export async function makeClip(path: string, count: number, options: EncodeOptions = {}): Promise<string> {
  await encodeVideo(numberedPictures(count), path, options);
  return path;
}

/**
 * Copies the packets of clips into one file, each clip's video as a track of its own, without decoding; `audio`
 * adds a second of silence.
 */
export async function remux(
  inputs: readonly string[],
  path: string,
  { audio = false } = {},
): Promise<string> {
  const output = new FormatContext();
  output.allocOutputContext2(null, null, `file:${path}`);
  const sources: { format: FormatContext; from: number; to: number }[] = [];
  for (const input of inputs) {
    const format = new FormatContext();
    await format.openInput(`file:${input}`);
    await format.findStreamInfo(null);
    const from = format.findBestStream(AVMEDIA_TYPE_VIDEO);
    const stream = output.newStream(null);
    format.streams[from].codecpar.copy(stream.codecpar);
    stream.codecpar.codecTag = 0;
    stream.timeBase = format.streams[from].timeBase;
    sources.push({ format, from, to: stream.index });
  }
  const sound = audio ? addSilence(output) : undefined;
  await output.openOutput();
  const begun = await output.writeHeader(null);
  if (begun < 0) throw new Error(`remux: header ${begun}`);
  const packet = new Packet();
  packet.alloc();
  if (sound !== undefined) {
    packet.data = Buffer.alloc(16_000);
    packet.streamIndex = sound;
    packet.pts = 0n;
    packet.dts = 0n;
    packet.duration = 8_000n;
    await output.interleavedWriteFrame(packet);
  }
  for (const { format, from, to } of sources) {
    while (format.readFrameSync(packet) >= 0) {
      if (packet.streamIndex === from) {
        packet.rescaleTs(format.streams[from].timeBase, output.streams[to].timeBase);
        packet.streamIndex = to;
        await output.interleavedWriteFrame(packet);
      }
      packet.unref();
    }
    await format.closeInput();
  }
  await output.writeTrailer();
  await output.closeOutput();
  output.freeContext();
  packet.free();
  return path;
}

function addSilence(output: FormatContext): number {
  const stream = output.newStream(null);
  stream.codecpar.codecType = AVMEDIA_TYPE_AUDIO as AVMediaType;
  stream.codecpar.codecId = AV_CODEC_ID_PCM_S16LE;
  stream.codecpar.sampleRate = 8_000;
  stream.codecpar.channelLayout = { nbChannels: 1, order: AV_CHANNEL_ORDER_NATIVE, mask: 4n };
  stream.codecpar.bitsPerCodedSample = 16;
  stream.timeBase = new Rational(1, 8_000);
  return stream.index;
}
