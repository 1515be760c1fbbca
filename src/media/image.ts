/** Pictures through sharp (libvips): reading, writing, resizing. */
import sharp, { type Sharp, type SharpInput } from 'sharp';
import { describe, errors } from '../base/errors.ts';
import type { MediaFile } from './file.ts';
import { readAll, readHead } from './file.ts';
import type { Sampling } from './sampling.ts';
import { selectFrames } from './sampling.ts';
import { isPicture } from './signature.ts';
import {
  type ClipInfo,
  type ClipReader,
  defaultMaxPixels,
  type Frame,
  type FrameOptions,
  type OpenOptions,
  type PacketScan,
  type Picture,
} from './types.ts';

/** Threads of libvips for the whole process. Workers that share a machine set 1, its own default is a core each. */
export function setPictureThreads(threads: number): void {
  sharp.concurrency(threads);
}

/** A one-channel picture, such as the mask of a manipulated region. */
export interface Mask {
  width: number;
  height: number;
  /** `width * height` bytes. */
  data: Uint8Array;
}

const sharpOptions = (maxPixels: number) => ({
  limitInputPixels: maxPixels,
  // A damaged picture is an error, not a grey rest.
  failOn: 'error' as const,
  // One picture: never stack the pages of an animation.
  pages: 1,
  unlimited: false,
});

/** Upright 8-bit sRGB without alpha: white shows through, as in a browser. */
async function decode(image: Sharp): Promise<Picture> {
  const { data, info } = await image
    .autoOrient()
    .toColourspace('srgb')
    .flatten({ background: '#fff' })
    .removeAlpha()
    .raw({ depth: 'uchar' })
    .toBuffer({ resolveWithObject: true });
  return {
    width: info.width,
    height: info.height,
    data: new Uint8Array(data.buffer, data.byteOffset, data.length),
  };
}

/** Opens a picture as a clip of one frame. Throws CLIP_NOT_MEDIA, CLIP_TOO_LARGE. */
export async function openPicture(file: MediaFile, options: OpenOptions = {}): Promise<ClipReader> {
  const limit = options.maxPixels ?? defaultMaxPixels;
  const input = await inputOf(file);
  // The header is read without a limit, so that the error can tell the size.
  const header = await sharp(input, { limitInputPixels: false, pages: 1 })
    .metadata()
    .catch((thrown: unknown) => {
      throw errors.CLIP_NOT_MEDIA(file.path, describe(thrown));
    });
  const { width, height } = header.autoOrient;
  if (width * height > limit) throw errors.CLIP_TOO_LARGE(file.path, width, height, limit);
  const format = header.format === 'heif' ? 'avif' : header.format;
  const info: ClipInfo = {
    path: file.path,
    bytes: file.bytes,
    kind: 'image',
    container: format,
    codec: format === 'avif' ? (header.compression ?? 'av1') : format,
    width,
    height,
    rotation: exifRotation(header.orientation),
    pixelFormat: `${header.space}${header.hasAlpha ? 'a' : ''}`,
    durationSeconds: 0,
    frameRate: undefined,
    bitRate: undefined,
    videoTracks: 1,
    audioTracks: 0,
  };
  return new PictureReader(info, limit, input);
}

/** Largest picture file that is read into memory because it lies elsewhere. */
const largestRemote = 256 * 2 ** 20;

/** libvips reads files or memory. Throws CLIP_UNREADABLE where the file lies elsewhere and is too large. */
async function inputOf({ path, bytes, source }: MediaFile): Promise<string | Buffer> {
  if (!source) return path;
  if (bytes > largestRemote) throw errors.CLIP_UNREADABLE(path, `a picture of ${bytes} bytes`);
  return readAll(source);
}

/** Clockwise degrees of an EXIF orientation (CIPA DC-008 §4.6.4 A); mirrored ones report their turn. */
function exifRotation(orientation: number | undefined): number {
  return [0, 0, 180, 180, 90, 90, 270, 270][(orientation ?? 1) - 1] ?? 0;
}

class PictureReader implements ClipReader {
  readonly info: ClipInfo;
  readonly dropped = [];
  readonly work = { packetsDecoded: 0, framesDecoded: 0, framesConverted: 0 };
  readonly #limit: number;
  readonly #input: string | Buffer;

  constructor(info: ClipInfo, limit: number, input: string | Buffer) {
    this.info = info;
    this.#limit = limit;
    this.#input = input;
  }

  async scan(): Promise<PacketScan> {
    return {
      frames: 1,
      keyFrames: [0],
      times: new Float64Array(1),
      bytes: this.info.bytes,
      truncated: false,
    };
  }

  /** Throws CLIP_NO_FRAMES for a picture whose header is whole and whose pixels are not. */
  async *frames(sampling: Sampling, { signal }: FrameOptions = {}): AsyncGenerator<Frame, void, void> {
    signal?.throwIfAborted();
    const { times, keyFrames } = await this.scan();
    if (selectFrames(sampling, times, keyFrames).length === 0) return;
    this.work.packetsDecoded++;
    const picture = await decode(sharp(this.#input, sharpOptions(this.#limit))).catch(() => {
      throw errors.CLIP_NO_FRAMES(this.info.path);
    });
    signal?.throwIfAborted();
    this.work.framesDecoded++;
    this.work.framesConverted++;
    yield { ...picture, index: 0, timeSeconds: 0, keyFrame: true };
  }

  async close(): Promise<void> {}
}

/**
 * Reads one picture, upright. Throws what {@link openPicture} throws, for bytes with the path `(bytes)`.
 *
 * @param source a file or the bytes of one: JPEG, PNG, WebP, AVIF
 */
export async function readPicture(source: string | Uint8Array, options: OpenOptions = {}): Promise<Picture> {
  const path = typeof source === 'string' ? source : '(bytes)';
  const head = typeof source === 'string' ? (await readHead(source)).head : Buffer.from(source);
  if (!isPicture(head)) throw errors.CLIP_NOT_MEDIA(path, 'its first bytes are of no picture format');
  return decode(openInput(source, options)).catch(notMedia(path));
}

/**
 * Reads a mask: the alpha channel where the picture has one that says something, its luminance otherwise.
 * 0 is pristine, 255 manipulated, as in the data sets' mask files.
 */
export async function readMask(source: string | Uint8Array, options: OpenOptions = {}): Promise<Mask> {
  const path = typeof source === 'string' ? source : '(bytes)';
  if (typeof source === 'string') await readHead(source);
  const image = openInput(source, options).autoOrient();
  const opaque = (await image.clone().stats().catch(notMedia(path))).isOpaque;
  const channel = opaque ? image.removeAlpha().toColourspace('b-w') : image.extractChannel('alpha');
  const { data, info } = await channel
    .raw({ depth: 'uchar' })
    .toBuffer({ resolveWithObject: true })
    .catch(notMedia(path));
  return { width: info.width, height: info.height, data: new Uint8Array(data) };
}

const openInput = (source: SharpInput, { maxPixels }: OpenOptions): Sharp =>
  sharp(source, sharpOptions(maxPixels ?? defaultMaxPixels));

const notMedia = (path: string) => (thrown: unknown) => {
  throw errors.CLIP_NOT_MEDIA(path, describe(thrown));
};

const fromPicture = ({ width, height, data }: Picture): Sharp =>
  sharp(data, { raw: { width, height, channels: 3 }, limitInputPixels: false });

/** JPEG bytes. @param quality 1 to 100 */
export function encodeJpeg(picture: Picture, quality = 90): Promise<Buffer> {
  return fromPicture(picture).jpeg({ quality }).toBuffer();
}

/** PNG bytes, without loss. */
export function encodePng(picture: Picture): Promise<Buffer> {
  return fromPicture(picture).png({ compressionLevel: 6 }).toBuffer();
}

/** A picture of one colour whose opacity varies: `alpha` holds `width * height` bytes, 0 to 255. */
export function encodeStencil(
  { width, height, data: alpha }: Mask,
  [red, green, blue]: readonly [number, number, number],
): Promise<Buffer> {
  const data = new Uint8Array(width * height * 4);
  for (let i = 0; i < width * height; i++) data.set([red, green, blue, alpha[i]], i * 4);
  return sharp(data, { raw: { width, height, channels: 4 } })
    .png()
    .toBuffer();
}

/** PNG bytes of a mask, without loss: one grey channel. */
export function encodeMask({ width, height, data }: Mask): Promise<Buffer> {
  return sharp(data, { raw: { width, height, channels: 1 }, limitInputPixels: false })
    .toColourspace('b-w')
    .png({ compressionLevel: 6 })
    .toBuffer();
}

/** The picture at another size, in proportion or not. @param kernel `cubic` for looking at, `linear` for networks */
export async function resizePicture(
  picture: Picture,
  width: number,
  height: number,
  kernel: 'cubic' | 'linear' | 'lanczos3' | 'nearest' = 'cubic',
): Promise<Picture> {
  const data = await fromPicture(picture).resize(width, height, { fit: 'fill', kernel }).raw().toBuffer();
  return { width, height, data: new Uint8Array(data.buffer, data.byteOffset, data.length) };
}
