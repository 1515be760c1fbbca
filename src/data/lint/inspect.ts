/** One item as the linter sees it: what its file is, not what it shows. */
import { readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { describe } from '../../base/errors.ts';
import { sha256, sha256OfFile } from '../../base/hash.ts';
import { readMask, readPicture } from '../../media/image.ts';
import { openClip } from '../../media/open.ts';
import type { Picture } from '../../media/types.ts';
import type { Item } from '../manifest.ts';
import { isPictureName } from '../prepare/picture-names.ts';
import { readThrough } from '../shards.ts';
import { readJpegHeader } from './jpeg.ts';
import { type Looks, looksOf } from './perceptual-hash.ts';

export interface Inspected {
  sha256: string;
  looks: Looks;
  /** Numbers by name; words as `name=word`: 1. Absent ones are 0. */
  features: Readonly<Record<string, number>>;
  /** What is wrong with it although it can be read. */
  problems: { kind: 'masks' | 'unreadable'; text: string }[];
}

/** Throws what reading throws. */
export async function inspect(folder: string, item: Item): Promise<Inspected> {
  const made = isPictureName(item.file)
    ? await inspectPicture(folder, item)
    : await inspectVideo(folder, item);
  if (item.mask !== undefined && isPictureName(item.mask)) {
    try {
      const mask = await readMask(await readThrough(join(folder, item.mask)));
      const shapes = mask.width / mask.height / (made.features.aspect || 1);
      if (Math.abs(shapes - 1) > 0.02) {
        const text = `${item.mask} is ${mask.width}x${mask.height}, of another shape than its picture`;
        made.problems.push({ kind: 'masks', text });
      }
    } catch (thrown) {
      made.problems.push({ kind: 'masks', text: describe(thrown) });
    }
  }
  return made;
}

async function inspectPicture(folder: string, item: Item): Promise<Inspected> {
  const source = await readThrough(join(folder, item.file));
  const bytes = typeof source === 'string' ? await readFile(source) : source;
  // Errors that name the file, not its bytes.
  const picture = await readPicture(source);
  const jpeg = readJpegHeader(bytes);
  return {
    sha256: sha256(bytes),
    looks: looksOf(picture),
    problems: [],
    features: {
      ...shapeOf(picture),
      'log bytes': Math.log(bytes.length),
      'bytes a pixel': bytes.length / (picture.width * picture.height),
      [`format=${extname(item.file).toLowerCase()}`]: 1,
      'JPEG quality': jpeg?.quality ?? 0,
      'JPEG luma step': jpeg?.lumaStep ?? 0,
      'JPEG chroma step': jpeg?.chromaStep ?? 0,
      'JPEG chroma share': jpeg?.chromaShare ?? 0,
      'JPEG progressive': jpeg?.progressive ? 1 : 0,
      'log metadata bytes': Math.log(1 + (jpeg?.metadataBytes ?? 0)),
    },
  };
}

async function inspectVideo(folder: string, item: Item): Promise<Inspected> {
  const path = join(folder, item.file);
  const clip = await openClip(path, { threads: 1 });
  try {
    const { info } = clip;
    const scan = await clip.scan();
    let first: Picture | undefined;
    for await (const frame of clip.frames({ kind: 'even', count: 1 })) first = frame;
    if (!first) throw new Error(`${path} gave no frame`);
    const duration = info.durationSeconds || scan.frames / (info.frameRate ?? 25) || 1;
    return {
      sha256: await sha256OfFile(path),
      looks: looksOf(first),
      problems: scan.truncated ? [{ kind: 'unreadable', text: `${path} ends before its announced end` }] : [],
      features: {
        ...shapeOf(first),
        'log bytes': Math.log(info.bytes),
        'log bits a pixel': Math.log((8 * scan.bytes) / (scan.frames * first.width * first.height)),
        [`codec=${info.codec}`]: 1,
        [`container=${info.container}`]: 1,
        'frame rate': info.frameRate ?? 0,
        'log seconds': Math.log(duration),
        'key frame gap': scan.frames / Math.max(1, scan.keyFrames.length),
        'audio tracks': info.audioTracks,
      },
    };
  } finally {
    await clip.close();
  }
}

function shapeOf(picture: Picture): Record<string, number> {
  const { width, height } = picture;
  return {
    'log pixels': Math.log(width * height),
    aspect: width / height,
    'black border': blackBorder(picture),
  };
}

/** Share of the picture that lies in black rows and columns at its edges (letter boxes, zero fill). */
export function blackBorder({ width, height, data }: Picture): number {
  const dark = (x: number, y: number) => {
    const at = (y * width + x) * 3;
    return data[at] + data[at + 1] + data[at + 2] < 36;
  };
  const row = (y: number) => share(width, (x) => dark(x, y)) > 0.98;
  const column = (x: number) => share(height, (y) => dark(x, y)) > 0.98;
  const count = (length: number, black: (k: number) => boolean) => {
    let [first, last] = [0, length];
    while (first < length && black(first)) first++;
    while (last > first && black(last - 1)) last--;
    return (last - first) / length;
  };
  return 1 - count(height, row) * count(width, column);
}

function share(length: number, test: (k: number) => boolean): number {
  let count = 0;
  for (let k = 0; k < length; k++) if (test(k)) count++;
  return count / length;
}
