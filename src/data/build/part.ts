/**
 * A part: what one unit of work (a video with its fakes, a few pictures) gave. Written by the thread that made it, as
 * `.build/000012.tar` (samples, without the archive's end) and then `.build/000012.json`, whose name is the journal's
 * entry: the unit is done when that file is there.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Item } from '../manifest.ts';
import { writeTarBody } from '../tar.ts';
import { writeWholeFile, writeWholeText } from './whole-file.ts';

/** A picture for the shards. */
export interface Sample {
  /** Name in the shard, without extension and dots: what WebDataset joins files by. */
  key: string;
  /** Without the paths, which the shard gives. */
  item: Omit<Item, 'file' | 'mask' | 'landmarks'>;
  image: { extension: 'jpg' | 'png'; bytes: Uint8Array };
  /** PNG. */
  mask?: Uint8Array | undefined;
  /** What the sample's JSON holds beside the item: frame, time, matrix, landmarks, parameters. */
  more: Readonly<Record<string, unknown>>;
}

/** What was left out: a frame, a face of it, or several at once where nobody knows which. */
export interface DroppedFrame {
  /** The source's item. */
  id: string;
  frame?: number | undefined;
  reason: string;
  /** 1 where left out. */
  count?: number | undefined;
}

/** An item of the source that could not be used at all, or only to a part. */
export interface Failure {
  id: string;
  file: string;
  reason: string;
}

export interface UnitResult {
  samples: Sample[];
  dropped: DroppedFrame[];
  failures: Failure[];
  /** Figures that add up over units: clips, frames, seconds. */
  counts: Readonly<Record<string, number>>;
}

export interface SampleRecord {
  key: string;
  item: Sample['item'];
  image: 'jpg' | 'png';
  mask: boolean;
}

export interface PartRecord {
  unit: number;
  bytes: number;
  samples: SampleRecord[];
  dropped: DroppedFrame[];
  failures: Failure[];
  counts: Readonly<Record<string, number>>;
}

const numbered = (unit: number) => String(unit).padStart(6, '0');
export const partTar = (folder: string, unit: number) => join(folder, `${numbered(unit)}.tar`);
export const partJson = (folder: string, unit: number) => join(folder, `${numbered(unit)}.json`);

/** Throws OUTPUT_UNWRITABLE. */
export async function writePart(folder: string, unit: number, result: UnitResult): Promise<PartRecord> {
  const bytes = await writeWholeFile(partTar(folder, unit), (path) =>
    writeTarBody(path, entriesOf(result.samples)),
  );
  const { dropped, failures, counts } = result;
  const record: PartRecord = {
    unit,
    bytes,
    samples: result.samples.map(({ key, item, image, mask }) => ({
      key,
      item,
      image: image.extension,
      mask: mask !== undefined,
    })),
    dropped,
    failures,
    counts,
  };
  await writeWholeText(partJson(folder, unit), JSON.stringify(record));
  return record;
}

/** Written by this program and renamed when whole: no schema stands between. Throws what reading throws. */
export async function readPart(folder: string, unit: number): Promise<PartRecord> {
  return JSON.parse(await readFile(partJson(folder, unit), 'utf8'));
}

/** Names of a sample's files, in their order. */
export function namesOf({ key, image, mask }: Pick<SampleRecord, 'key' | 'image' | 'mask'>): string[] {
  // `mask.png` is another column of the sample for Python's webdataset, which cuts names at the first dot.
  return [`${key}.${image}`, `${key}.json`, ...(mask ? [`${key}.mask.png`] : [])];
}

function* entriesOf(samples: readonly Sample[]) {
  for (const { key, item, image, mask, more } of samples) {
    const names = namesOf({ key, image: image.extension, mask: mask !== undefined });
    yield { name: names[0], bytes: image.bytes };
    const json = { ...item, label: item.label === 0 ? 'real' : 'manipulated', ...more };
    yield { name: names[1], bytes: Buffer.from(JSON.stringify(json)) };
    if (mask) yield { name: names[2], bytes: mask };
  }
}
