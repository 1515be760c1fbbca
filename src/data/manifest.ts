/** Manifests: a data set is a folder and a list of what in it is real and what manipulated. */
import { existsSync, readdirSync } from 'node:fs';
import { basename, dirname, isAbsolute, join, normalize, sep } from 'node:path';
import { z } from 'zod';
import { errors } from '../base/errors.ts';
import type { Dropped } from '../media/types.ts';
import { formatCsv, readRows } from './csv.ts';
import { applyExclusions, exclusionsIn } from './exclusions.ts';
import { formatParquet, readParquetRows } from './parquet.ts';
import { shardIndex, splitShardPath } from './shards.ts';

/** 0 real, 1 manipulated. */
export type Label = 0 | 1;

export const splitNames = ['train', 'validation', 'test'] as const;
export type SplitName = (typeof splitNames)[number];

/** One picture of a data set. Paths are relative to the manifest's folder. */
export interface Item {
  /** Unique in its manifest. */
  id: string;
  file: string;
  label: Label;
  /** How it was made: `original` for real items, else the method's name. */
  method: string;
  /** The video that the picture is of; bootstrap intervals and video figures group by it. */
  videoId: string;
  /**
   * Whose face, which original. Several joined with `+` (FF++'s 000_003 has two), the one whose video it is first: splits
   * keep all together, pairs go by the first ({@link targetOf}).
   */
  sourceId: string;
  /** As the data set names it: `c23`, `crf40`. */
  compression?: string | undefined;
  /** Grey picture, white where manipulated, covering the same view as `file`. */
  mask?: string | undefined;
  landmarks?: string | undefined;
  licence?: string | undefined;
  /** The side that the data set's authors put it on. */
  split?: SplitName | undefined;
  /** The item that it was made from, by id. */
  original?: string | undefined;
  /** Size of the picture in pixels. */
  width?: number | undefined;
  height?: number | undefined;
  /** Width of the face in the original frame, in pixels, before the crop was resized. */
  nativeWidth?: number | undefined;
}

/** The source whose picture an item is, but for what was put into it: a pair shares it. */
export const targetOf = ({ sourceId }: Pick<Item, 'sourceId'>): string => sourceId.split('+')[0];

/** An item that was left out, and why. */
export interface DroppedItem {
  id: string;
  file: string;
  reason: string;
}

export interface Manifest {
  /** Absolute folder that the items' paths start from. */
  folder: string;
  /** The file it was read from. */
  path: string;
  items: Item[];
  dropped: DroppedItem[];
}

/** A label in a CSV cell. */
export const labelCell = z
  .enum(['real', 'fake', 'manipulated', '0', '1'])
  .transform((text): Label => (text === 'real' || text === '0' ? 0 : 1));

const pixels = z.coerce.number().int().positive().max(100_000);
const name = z.string().max(1000);

const rowSchema = z.strictObject({
  id: name,
  file: name,
  label: labelCell,
  method: name.optional(),
  videoId: name,
  sourceId: name,
  compression: name.optional(),
  mask: name.optional(),
  landmarks: name.optional(),
  licence: name.optional(),
  split: z.enum(splitNames).optional(),
  original: name.optional(),
  width: pixels.optional(),
  height: pixels.optional(),
  nativeWidth: pixels.optional(),
});

/**
 * Reads a manifest in CSV or Parquet; its columns are {@link Item}'s keys, `id`, `file`, `label`, `videoId` and
 * `sourceId` being required. Items whose file or mask is absent, and those that `exclude.json` beside it names, are
 * listed in `dropped`.
 * Throws MANIFEST_MISSING, MANIFEST_INVALID (a bad cell, a missing label, an id twice, a path that leaves the folder)
 * and DATA_EMPTY.
 */
export async function readManifest(path: string): Promise<Manifest> {
  const collect = collector(path);
  const rows = path.endsWith('.parquet') ? readParquetRows(path, rowSchema) : readRows(path, rowSchema);
  for await (const { row, line } of rows) {
    collect.add({ ...row, method: row.method ?? (row.label === 0 ? 'original' : 'unknown') }, line);
  }
  const manifest = collect.finish();
  const { items, dropped } = applyExclusions(manifest.items, await exclusionsIn(manifest.folder));
  if (items.length === 0) throw errors.DATA_EMPTY(path, 'all items are excluded');
  return { ...manifest, items, dropped: [...manifest.dropped, ...dropped] };
}

/** The columns of a manifest, in their order. */
export const manifestColumns = Object.keys(rowSchema.shape) as (keyof typeof rowSchema.shape)[];

/** A manifest as text, or as the bytes of a Parquet file, for {@link readManifest} to read. */
export function formatManifest(items: readonly Item[], format: 'csv' | 'parquet'): string | Uint8Array {
  const rows = items.map((item) => ({ ...item, label: item.label === 0 ? 'real' : 'manipulated' }));
  return format === 'csv' ? formatCsv(manifestColumns, rows) : formatParquet(manifestColumns, rows);
}

/** Gathers items of any layout, holding them to the rules that all layouts share. */
export function collector(path: string) {
  const folder = dirname(path);
  const items: Item[] = [];
  const dropped: DroppedItem[] = [];
  const lines = new Map<string, number>();
  const exists = fileIndex(folder);
  const drop = ({ id, file }: Item, reason: string) => dropped.push({ id, file, reason });
  return {
    add(item: Item, line: number) {
      const first = lines.get(item.id);
      if (first !== undefined) {
        throw errors.MANIFEST_INVALID(path, line, 'id', item.id, `it is already on line ${first}`);
      }
      lines.set(item.id, line);
      for (const column of ['file', 'mask', 'landmarks'] as const) {
        const value = item[column];
        if (value !== undefined && !staysInside(value)) {
          throw errors.MANIFEST_INVALID(path, line, column, value, 'it leads out of the data folder');
        }
      }
      if (!exists(item.file)) drop(item, 'file missing');
      else if (item.mask !== undefined && !exists(item.mask)) drop(item, 'mask missing');
      else items.push(item);
    },
    finish(): Manifest {
      if (items.length === 0) {
        const reasons = countDropped(dropped).map(({ reason, count }) => `${reason}: ${count}`);
        throw errors.DATA_EMPTY(path, reasons.join(', ') || 'no line');
      }
      return { folder, path, items, dropped };
    },
  };
}

/** How many were left out, by reason. */
export function countDropped(dropped: readonly { reason: string }[]): Dropped[] {
  const counts = new Map<string, number>();
  for (const { reason } of dropped) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  return [...counts].map(([reason, count]) => ({ reason, count }));
}

/** True where a relative path cannot climb out of its folder. */
export function staysInside(path: string): boolean {
  if (isAbsolute(path) || path.includes('\0')) return false;
  const flat = normalize(path);
  return flat !== '..' && !flat.startsWith(`..${sep}`);
}

/** Asks each folder once for its list: a stat a file is slow for a million of them on network disks. */
function fileIndex(root: string): (path: string) => boolean {
  const folders = new Map<string, Set<string>>();
  return (path) => {
    const inside = splitShardPath(path);
    if (inside) {
      const shard = join(root, inside.shard);
      return existsSync(shard) && shardIndex(shard).files.has(inside.name);
    }
    const folder = join(root, dirname(path));
    let names = folders.get(folder);
    if (!names) {
      names = new Set(existsSync(folder) ? readdirSync(folder) : []);
      folders.set(folder, names);
    }
    return names.has(basename(path));
  };
}
