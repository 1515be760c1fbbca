/** Still pictures through the browser's own decoders, and pictures to bytes. */
import { errors } from '../../base/errors.ts';
import { type Sampling, selectFrames } from '../sampling.ts';
import {
  type ClipInfo,
  type ClipReader,
  defaultMaxPixels,
  type Frame,
  type FrameOptions,
  type OpenOptions,
  type PacketScan,
  type Picture,
} from '../types.ts';
import { withoutAlpha } from './pixels.ts';

/** Opens a picture as a clip of one frame. Throws CLIP_NOT_MEDIA, CLIP_TOO_LARGE. */
export async function openBrowserPicture(
  blob: Blob,
  name: string,
  head: Uint8Array,
  options: OpenOptions = {},
): Promise<ClipReader> {
  // Decoded at once: a browser tells a picture's size in no other way.
  const bitmap = await createImageBitmap(blob, {
    imageOrientation: 'from-image',
    premultiplyAlpha: 'none',
  }).catch(() => {
    throw errors.CLIP_NOT_MEDIA(name, 'the picture cannot be decoded');
  });
  const { width, height } = bitmap;
  const limit = options.maxPixels ?? defaultMaxPixels;
  if (width * height > limit) {
    bitmap.close();
    throw errors.CLIP_TOO_LARGE(name, width, height, limit);
  }
  const format = formatOf(head);
  return new BrowserPictureReader(bitmap, {
    path: name,
    bytes: blob.size,
    kind: 'image',
    container: format,
    codec: format === 'avif' ? 'av1' : format,
    width,
    height,
    rotation: 0,
    pixelFormat: 'unknown',
    durationSeconds: 0,
    frameRate: undefined,
    bitRate: undefined,
    videoTracks: 1,
    audioTracks: 0,
  });
}

function formatOf(head: Uint8Array): string {
  if (head[0] === 0xff) return 'jpeg';
  if (head[0] === 0x89) return 'png';
  return head[0] === 0x52 ? 'webp' : 'avif';
}

class BrowserPictureReader implements ClipReader {
  readonly info: ClipInfo;
  readonly dropped = [];
  readonly work = { packetsDecoded: 1, framesDecoded: 0, framesConverted: 0 };
  readonly #bitmap: ImageBitmap;

  constructor(bitmap: ImageBitmap, info: ClipInfo) {
    this.#bitmap = bitmap;
    this.info = info;
  }

  async scan(): Promise<PacketScan> {
    const { bytes } = this.info;
    return { frames: 1, keyFrames: [0], times: new Float64Array(1), bytes, truncated: false };
  }

  async *frames(sampling: Sampling, { signal }: FrameOptions = {}): AsyncGenerator<Frame, void, void> {
    signal?.throwIfAborted();
    const { times, keyFrames } = await this.scan();
    if (selectFrames(sampling, times, keyFrames).length === 0) return;
    const { width, height } = this.info;
    const context = contextOf(width, height);
    // White shows through, as in Node.
    context.fillStyle = '#fff';
    context.fillRect(0, 0, width, height);
    context.drawImage(this.#bitmap, 0, 0);
    const { data } = context.getImageData(0, 0, width, height);
    this.work.framesDecoded++;
    this.work.framesConverted++;
    yield { ...withoutAlpha(data, width, height), index: 0, timeSeconds: 0, keyFrame: true };
  }

  async close(): Promise<void> {
    this.#bitmap.close();
  }
}

function contextOf(width: number, height: number): OffscreenCanvasRenderingContext2D {
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext('2d', { willReadFrequently: true });
  if (!context) throw errors.LOCAL_UNSUPPORTED('a canvas in a worker');
  return context;
}

/** A picture as a file: JPEG at a quality of 0 to 1, or PNG without loss. */
export function encodePicture(
  { width, height, data }: Picture,
  type: 'image/jpeg' | 'image/png',
  quality?: number,
): Promise<Blob> {
  const rgba = new Uint8ClampedArray(width * height * 4).fill(255);
  for (let from = 0, to = 0; from < data.length; from += 3, to += 4) {
    rgba[to] = data[from];
    rgba[to + 1] = data[from + 1];
    rgba[to + 2] = data[from + 2];
  }
  const context = contextOf(width, height);
  context.putImageData(new ImageData(rgba, width, height), 0, 0);
  return context.canvas.convertToBlob({ type, ...(quality === undefined ? {} : { quality }) });
}
