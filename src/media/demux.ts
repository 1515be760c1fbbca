/** Opening a container: the allow-list, the video stream, and what the file says about itself. */
import { resolve } from 'node:path';
import {
  AV_DISPOSITION_ATTACHED_PIC,
  AV_PKT_DATA_DISPLAYMATRIX,
  AVDISCARD_ALL,
  AVERROR_DECODER_NOT_FOUND,
  AVERROR_EINVAL,
  AVMEDIA_TYPE_AUDIO,
  AVMEDIA_TYPE_VIDEO,
} from 'node-av/constants';
import type { Stream } from 'node-av/lib';
import { avGetCodecName, avGetPixFmtName, Codec, Dictionary, FormatContext } from 'node-av/lib';
import { errors } from '../base/errors.ts';
import { demuxers, reasonOf } from './ffmpeg.ts';
import { extentOf, type MediaFile } from './file.ts';
import { openSource } from './io.ts';
import type { Orientation } from './orient.ts';
import { orientationOf, rotationOf, swapsSides } from './orient.ts';
import { isIsoMedia } from './signature.ts';
import type { ClipInfo } from './types.ts';

/** An open container with its best video stream; whoever holds it closes it. */
export interface Container {
  format: FormatContext;
  stream: Stream;
  decoder: Codec;
  /** Bytes come through JavaScript: FFmpeg must then be called so that it can wait for them. */
  waits: boolean;
  close(): Promise<void>;
}

/**
 * Opens a file with the allowed demuxers and the `file` protocol only.
 *
 * @param probe whether to decode a little to learn what the headers do not tell (needed once for a file)
 */
export async function openContainer(file: MediaFile, probe: boolean): Promise<Container> {
  const format = new FormatContext();
  const io = file.source && openSource(file.source);
  const close = async () => {
    await format.closeInput();
    io?.freeContext();
  };
  try {
    if (io) {
      format.allocContext();
      format.pb = io;
    }
    const options = Dictionary.fromObject({
      protocol_whitelist: 'file',
      format_whitelist: demuxers.join(','),
      probesize: 5_000_000,
      analyzeduration: 5_000_000,
      max_streams: 64,
    });
    // An explicit protocol, so that a name like `concat:a|b` or `http://…` is a file name and nothing else.
    const code = await format.openInput(io ? '' : `file:${resolve(file.path)}`, null, options);
    options.free();
    if (code < 0) throw await whyNot(file, code);
    if (probe) await format.findStreamInfo(null);
    const stream = bestVideoStream(file, format);
    const decoder = Codec.findDecoder(stream.codecpar.codecId);
    if (!decoder) throw errors.CLIP_CODEC_UNKNOWN(file.path, codecName(stream));
    // Other streams are skipped in the demuxer.
    for (const other of format.streams) if (other.index !== stream.index) other.discard = AVDISCARD_ALL;
    return { format, stream, decoder, waits: io !== undefined, close };
  } catch (thrown) {
    await close();
    throw thrown;
  }
}

async function whyNot(file: MediaFile, code: number): Promise<Error> {
  if (isIsoMedia(file.head)) {
    const { index } = await extentOf(file);
    if (!index) return errors.CLIP_TRUNCATED(file.path, 'no moov box');
  }
  const reason = code === AVERROR_EINVAL ? 'its format is not on the list of accepted ones' : reasonOf(code);
  return errors.CLIP_NOT_MEDIA(file.path, reason);
}

const codecName = (stream: Stream): string => {
  const name = avGetCodecName(stream.codecpar.codecId);
  return name && name !== 'none' ? name : (stream.codecpar.codecTagString ?? 'unknown');
};

/** Moving pictures only: cover art in a music file is no video. */
const isVideo = (stream: Stream): boolean =>
  stream.codecpar.codecType === AVMEDIA_TYPE_VIDEO && !stream.hasDisposition(AV_DISPOSITION_ATTACHED_PIC);

function bestVideoStream(file: MediaFile, format: FormatContext): Stream {
  const videos = format.streams.filter(isVideo);
  if (videos.length === 0) throw errors.CLIP_NO_VIDEO(file.path);
  const best = format.findBestStream(AVMEDIA_TYPE_VIDEO);
  if (best === AVERROR_DECODER_NOT_FOUND) throw errors.CLIP_CODEC_UNKNOWN(file.path, codecName(videos[0]));
  return videos.find(({ index }) => index === best) ?? videos[0];
}

/** Stored size and how it becomes upright square pixels. */
export interface Geometry {
  /** Size after the sample aspect ratio, before turning. */
  scaledWidth: number;
  scaledHeight: number;
  orientation: Orientation;
}

/**
 * Wide samples widen the picture and tall ones heighten it, so that no pixel is thrown away. Ratios beyond
 * 1:8 are taken for damage: they would turn a small file into a huge picture.
 */
export function geometryOf(stream: Stream): Geometry {
  const { width, height } = stream.codecpar;
  const inCodec = stream.codecpar.sampleAspectRatio;
  // As in FFmpeg's av_guess_sample_aspect_ratio: the container knows better than the codec.
  const aspect = stream.sampleAspectRatio.num > 0 ? stream.sampleAspectRatio : inCodec;
  const given = aspect.num > 0 && aspect.den > 0 ? aspect.num / aspect.den : 1;
  const ratio = given > 8 || given < 1 / 8 ? 1 : given;
  return {
    scaledWidth: ratio > 1 ? Math.round(width * ratio) : width,
    scaledHeight: ratio < 1 ? Math.round(height / ratio) : height,
    orientation: orientationOf(stream.codecpar.getCodedSideData(AV_PKT_DATA_DISPLAYMATRIX)),
  };
}

/** MPEG-1's bit_rate 0x3FFFF (in 400 bit/s, ISO 11172-2 §2.4.3.2) means "variable". */
const variableMpegRate = 0x3ffff * 400;

const positive = (value: number): number | undefined =>
  Number.isFinite(value) && value > 0 ? value : undefined;

export function describeContainer(file: MediaFile, { format, stream }: Container): ClipInfo {
  const { scaledWidth, scaledHeight, orientation } = geometryOf(stream);
  const turned = swapsSides(orientation);
  const { num, den } = stream.timeBase;
  const rate = stream.avgFrameRate;
  const bitRate = Number(stream.codecpar.bitRate);
  return {
    path: file.path,
    bytes: file.bytes,
    kind: 'video',
    container: containerName(format, file),
    codec: codecName(stream),
    width: turned ? scaledHeight : scaledWidth,
    height: turned ? scaledWidth : scaledHeight,
    rotation: rotationOf(orientation),
    pixelFormat:
      avGetPixFmtName(stream.codecpar.format as Parameters<typeof avGetPixFmtName>[0]) ?? 'unknown',
    // The stream's own duration first: sound often runs longer than the picture.
    durationSeconds:
      positive((Number(stream.duration) * num) / den) ?? positive(Number(format.duration) / 1e6),
    frameRate: positive(rate.den > 0 ? rate.num / rate.den : 0),
    bitRate: positive(bitRate === variableMpegRate ? 0 : bitRate),
    videoTracks: format.streams.filter(isVideo).length,
    audioTracks: format.streams.filter(({ codecpar }) => codecpar.codecType === AVMEDIA_TYPE_AUDIO).length,
  };
}

/** FFmpeg's demuxer names cover families; the file's first bytes tell the members apart. */
function containerName(format: FormatContext, { head }: MediaFile): string {
  const name = format.iformat?.name ?? 'unknown';
  if (name.startsWith('mov')) return head.toString('latin1', 8, 12) === 'qt  ' ? 'mov' : 'mp4';
  if (name.startsWith('matroska')) return head.subarray(0, 64).includes('webm') ? 'webm' : 'matroska';
  return name;
}
