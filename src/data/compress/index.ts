/**
 * `dataset compress`: the same clips at several qualities of H.264, as 000 §3.1.2 and FaceForensics++ have them (CRF 0,
 * 23, 40; x264, medium preset, 4:2:0, the source's frame rate). Pictures go through the same encoder as a video of one
 * frame and come out as PNG (004 §III: "all images were compressed using H.264 coding at levels similar to" FF++'s).
 *
 * CRF 0 is lossless for what the encoder is given; a source that is 4:2:0 already loses by the way through RGB at most
 * a rounding of its chroma.
 */
import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, errors } from '../../base/errors.ts';
import { encodeVideo } from '../../media/encode.ts';
import { encodePng } from '../../media/image.ts';
import { openClip } from '../../media/open.ts';
import type { ClipReader } from '../../media/types.ts';
import { unwritable, writeWholeText } from '../build/whole-file.ts';
import { formatManifest, type Item } from '../manifest.ts';
import { readThrough } from '../shards.ts';
import { type SourceItem, type SourceSet, withoutExtension } from '../source.ts';

export interface CompressOptions {
  out: string;
  /** 0 (lossless) to 51. */
  crf: readonly number[];
  limit?: number | undefined;
  onItem?(name: string, done: number, total: number): void;
  signal?: AbortSignal;
}

export interface Compressed {
  id: string;
  crf: number;
  file: string;
  sourceBytes: number;
  /** Of the encoded file; for pictures of the H.264 stream's file, not of the PNG that is kept. */
  bytes: number;
  frames: number;
  /** Bits a second of the file; undefined for pictures. */
  bitRate: number | undefined;
}

export interface CompressReport {
  schema: 'mesoscope.compressed/1';
  files: Compressed[];
  failures: { id: string; file: string; reason: string }[];
}

/**
 * Writes `crf23/PATH.mp4` (or `.png`), `manifest.csv` and `report.json`. What is there already, whole, is not made
 * again. Throws OUTPUT_UNWRITABLE, DATA_EMPTY and the signal's reason; a clip that cannot be read is listed.
 */
export async function compress(source: SourceSet, options: CompressOptions): Promise<CompressReport> {
  const { out, crf: qualities, limit, onItem, signal } = options;
  const items = source.items.slice(0, limit);
  if (items.length === 0) throw errors.DATA_EMPTY(source.folder, 'no clip');
  const report: CompressReport = {
    schema: 'mesoscope.compressed/1',
    files: [],
    failures: [...source.dropped],
  };
  const made: Item[] = [];
  let done = 0;
  for (const item of items) {
    for (const crf of qualities) {
      signal?.throwIfAborted();
      onItem?.(`${item.id} at CRF ${crf}`, done++, items.length * qualities.length);
      try {
        const result = await compressOne(source.folder, item, crf, out);
        report.files.push(result);
        const { mask: _, landmarks: __, points: ___, ...rest } = item;
        const name = (id: string) => `${id}/crf${crf}`;
        made.push({
          ...rest,
          id: name(item.id),
          file: result.file,
          videoId: name(item.videoId),
          compression: `crf${crf}`,
          ...(item.original === undefined ? {} : { original: name(item.original) }),
        });
      } catch (thrown) {
        if ((thrown as { code?: string }).code === 'OUTPUT_UNWRITABLE') throw thrown;
        report.failures.push({ id: item.id, file: item.file, reason: describe(thrown) });
      }
    }
  }
  await writeWholeText(join(out, 'manifest.csv'), formatManifest(made, 'csv'));
  await writeWholeText(join(out, 'report.json'), `${JSON.stringify(report, null, 1)}\n`);
  return report;
}

async function compressOne(folder: string, item: SourceItem, crf: number, out: string): Promise<Compressed> {
  const source = await readThrough(join(folder, item.file));
  if (typeof source !== 'string')
    throw new Error('pictures inside shards are not compressed: name their source');
  const clip = await openClip(source);
  const stem = `crf${crf}/${withoutExtension(item.file)}`;
  const extension = clip.info.kind === 'image' ? 'png' : 'mp4';
  // Two sources that differ in their extension only must not become one file.
  const file = `${stem}${item.file.slice(withoutExtension(item.file).length).replace('.', '-')}.${extension}`;
  const target = join(out, file);
  const record = `${target}.json`;
  try {
    await mkdir(dirname(target), { recursive: true }).catch((thrown) => {
      throw unwritable(target, thrown);
    });
    if (existsSync(target) && existsSync(record)) {
      return JSON.parse(await readFile(record, 'utf8')) as Compressed;
    }
    const { frames, bytes } = await encode(clip, target, crf);
    const { durationSeconds, frameRate, kind } = clip.info;
    const seconds = durationSeconds || frames / (frameRate ?? 25);
    const result: Compressed = {
      id: item.id,
      crf,
      file,
      sourceBytes: clip.info.bytes,
      bytes,
      frames,
      bitRate: kind === 'image' ? undefined : Math.round((8 * bytes) / seconds),
    };
    await writeWholeText(record, JSON.stringify(result));
    return result;
  } finally {
    await clip.close();
  }
}

/** Encodes under another name first: a process that dies leaves no half video under the right one. */
async function encode(
  clip: ClipReader,
  target: string,
  crf: number,
): Promise<{ frames: number; bytes: number }> {
  const temporary = `${target}.tmp.mp4`;
  const { width, height, frameRate, kind } = clip.info;
  try {
    const frames = await encodeVideo(clip.frames({ kind: 'every', step: 1 }), temporary, {
      codec: 'libx264',
      crf,
      // 4:2:0 has no odd sizes.
      pixelFormat: width % 2 === 0 && height % 2 === 0 ? 'yuv420p' : 'yuv444p',
      // A variable rate keeps the frames' own times.
      ...(frameRate !== undefined && (await isConstant(clip)) ? { frameRate } : {}),
    });
    const { size: bytes } = await stat(temporary);
    if (kind === 'video') await rename(temporary, target);
    else {
      const coded = await openClip(temporary);
      try {
        for await (const frame of coded.frames({ kind: 'every', step: 1 })) {
          await writeWholeText(target, await encodePng(frame));
        }
      } finally {
        await coded.close();
      }
    }
    return { frames, bytes };
  } finally {
    await rm(temporary, { force: true });
  }
}

async function isConstant(clip: ClipReader): Promise<boolean> {
  const { times } = await clip.scan();
  if (times.length < 3) return true;
  const mean = times[times.length - 1] / (times.length - 1);
  for (let i = 1; i < times.length; i++)
    if (Math.abs(times[i] - times[i - 1] - mean) > mean / 4) return false;
  return true;
}
