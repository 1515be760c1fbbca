/** Opens a clip that a page was given: the browser's counterpart of `media/open.ts`. Nothing is sent anywhere. */
import {
  ADTS,
  BlobSource,
  FLAC,
  Input,
  type InputVideoTrack,
  MATROSKA,
  MP3,
  MP4,
  MPEG_TS,
  OGG,
  QTFF,
  WAVE,
  WEBM,
} from 'mediabunny';
import { describe, errors } from '../../base/errors.ts';
import { type Extent, measureExtent } from '../extent.ts';
import { type Orientation, rotationOf, swapsSides } from '../orient.ts';
import { foreignContainer, isIsoMedia, isPicture } from '../signature.ts';
import { type ClipInfo, type ClipReader, defaultMaxPixels, type OpenOptions } from '../types.ts';
import { openBrowserPicture } from './picture.ts';
import type { Look } from './pixels.ts';
import { BrowserVideoReader } from './video.ts';

/** Result words of containers; those with sound alone are here so that "no video stream" can be said of them. */
const containers = new Map([
  [MP4, 'mp4'],
  [QTFF, 'mov'],
  [WEBM, 'webm'],
  [MATROSKA, 'matroska'],
  [MPEG_TS, 'mpegts'],
  [OGG, 'ogg'],
  [MP3, 'mp3'],
  [WAVE, 'wav'],
  [FLAC, 'flac'],
  [ADTS, 'aac'],
]);

const headBytes = 65_536;

/**
 * Opens a video or picture, decided by its content. The caller closes the reader. `name` is what results call it.
 *
 * Throws CLIP_EMPTY, CLIP_NOT_MEDIA, CLIP_TRUNCATED, CLIP_NO_VIDEO, CLIP_TOO_LARGE, CLIP_NOT_LOCAL, LOCAL_UNSUPPORTED.
 */
export async function openBlob(blob: Blob, name: string, options: OpenOptions = {}): Promise<ClipReader> {
  if (blob.size === 0) throw errors.CLIP_EMPTY(name);
  const head = await bytesOf(blob, 0, headBytes, name);
  if (isPicture(head)) return openBrowserPicture(blob, name, head, options);
  const foreign = foreignContainer(head);
  if (foreign) throw errors.CLIP_NOT_LOCAL(name, foreign);
  const extent = await measureExtent(head, blob.size, (at, length) => bytesOf(blob, at, length, name));
  if (isIsoMedia(head) && !extent.index) throw errors.CLIP_TRUNCATED(name, 'no moov box');
  const input = new Input({ source: new BlobSource(blob), formats: [...containers.keys()] });
  try {
    return await openTrack(input, blob, name, extent, options);
  } catch (thrown) {
    input.dispose();
    if (thrown instanceof Error && thrown.name === 'UserError') throw thrown;
    throw errors.CLIP_NOT_MEDIA(name, describe(thrown));
  }
}

/** A file can go, or change, after it was dropped. */
async function bytesOf(blob: Blob, at: number, length: number, name: string): Promise<Uint8Array> {
  const part = await blob
    .slice(at, at + length)
    .arrayBuffer()
    .catch((cause) => {
      throw errors.CLIP_UNREADABLE(name, describe(cause));
    });
  return new Uint8Array(part);
}

async function openTrack(
  input: Input,
  blob: Blob,
  name: string,
  { cut }: Extent,
  options: OpenOptions,
): Promise<ClipReader> {
  const format = await input.getFormat();
  const tracks = await input.getVideoTracks();
  const track = await input.getPrimaryVideoTrack();
  if (!track) throw errors.CLIP_NO_VIDEO(name);
  if (typeof VideoDecoder === 'undefined') throw errors.LOCAL_UNSUPPORTED('WebCodecs');
  const codec = await codecOf(track);
  if (!(await track.canDecode())) throw errors.CLIP_NOT_LOCAL(name, `the codec ${codec}`);
  const look = await lookOf(track);
  const turned = swapsSides(look.orientation);
  const info: ClipInfo = {
    path: name,
    bytes: blob.size,
    kind: 'video',
    container: containers.get(format) ?? format.name.toLowerCase(),
    codec,
    width: turned ? look.scaledHeight : look.scaledWidth,
    height: turned ? look.scaledWidth : look.scaledHeight,
    rotation: rotationOf(look.orientation),
    pixelFormat: 'unknown',
    durationSeconds: (await track.getDurationFromMetadata()) ?? undefined,
    frameRate: undefined,
    bitRate: (await track.getAverageBitrate()) ?? undefined,
    videoTracks: tracks.length,
    audioTracks: (await input.getAudioTracks()).length,
  };
  const limit = options.maxPixels ?? defaultMaxPixels;
  if (info.width * info.height > limit) throw errors.CLIP_TOO_LARGE(name, info.width, info.height, limit);
  return new BrowserVideoReader({ input, track, info, look, cut });
}

/** FFmpeg's name, as Node's results have it. */
async function codecOf(track: InputVideoTrack): Promise<string> {
  const codec = await track.getCodec();
  if (codec) return codec === 'avc' ? 'h264' : codec;
  const internal = await track.getInternalCodecId();
  return internal instanceof Uint8Array || internal === null ? 'unknown' : String(internal);
}

async function lookOf(track: InputVideoTrack): Promise<Look> {
  const [colour, codec] = await Promise.all([track.getColorSpace(), track.getCodec()]);
  return {
    scaledWidth: await track.getSquarePixelWidth(),
    scaledHeight: await track.getSquarePixelHeight(),
    orientation: orientationOf(await track.getRotation(), await track.getFlip()),
    // H.264 and HEVC say "left" unless told otherwise; the others do not say, which FFmpeg takes for "between".
    chromaPlace: codec === 'avc' || codec === 'hevc' ? 'left' : 'between',
    matrix: colour.matrix ?? undefined,
    fullRange: colour.fullRange ?? undefined,
  };
}

/** Turned clockwise first, mirrored left to right afterwards. */
function orientationOf(rotation: number, flip: boolean): Orientation {
  const turn = ((rotation % 360) + 360) % 360;
  const cos = turn === 0 ? 1 : turn === 180 ? -1 : 0;
  const sin = turn === 90 ? 1 : turn === 270 ? -1 : 0;
  const side = flip ? -1 : 1;
  return { a: side * cos, b: sin, c: -side * sin, d: cos };
}
