/** Landmarks for training: from the set where it has them, else found once and kept in a file. */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { describe } from '../../base/errors.ts';
import type { FaceFinder } from '../../faces/finder.ts';
import { sixtyEightPoints } from '../../faces/landmarks.ts';
import { openFinder } from '../../faces/open-finder.ts';
import { readPicture } from '../../media/image.ts';
import { writeWholeText } from '../build/whole-file.ts';
import type { DroppedItem } from '../manifest.ts';
import { readThrough } from '../shards.ts';
import type { SourceItem } from '../source.ts';

const schema = z.strictObject({
  schema: z.literal('mesoscope.landmarks/1'),
  /** 136 numbers an item, or why there are none. */
  items: z.record(z.string(), z.union([z.array(z.number()).length(136), z.string()])),
});
type Known = z.output<typeof schema>['items'];

export interface PointSearch {
  /** The file that keeps what was found: read where it exists, written whole now and then. */
  cache: string;
  threads: number;
  /** Told once, before a search that takes a while. */
  onSearch?(pictures: number): void;
  signal?: AbortSignal | undefined;
}

/** So many pictures are looked at between two writings of the cache. */
const saveEvery = 500;

/**
 * Gives items that name no landmarks the 68 points of their largest face. An item without a face is dropped.
 * Throws OUTPUT_UNWRITABLE, FACE_MODEL_MISSING, and the signal's reason.
 */
export async function withPoints(
  folder: string,
  items: readonly SourceItem[],
  { cache, threads, onSearch, signal }: PointSearch,
): Promise<{ items: SourceItem[]; dropped: DroppedItem[] }> {
  const bare = (item: SourceItem) => item.points === undefined && item.landmarks === undefined;
  if (!items.some(bare)) return { items: [...items], dropped: [] };
  const known = await readCache(cache);
  const sought = items.filter((item) => bare(item) && known[item.id] === undefined);
  const save = () =>
    writeWholeText(cache, `${JSON.stringify({ schema: 'mesoscope.landmarks/1', items: known })}\n`);
  if (sought.length > 0) {
    onSearch?.(sought.length);
    const finder = await openFinder({ threads });
    try {
      for (const [n, item] of sought.entries()) {
        signal?.throwIfAborted();
        known[item.id] = await pointsOf(finder, join(folder, item.file)).catch(describe);
        if (n % saveEvery === saveEvery - 1) await save();
      }
    } finally {
      await finder.close();
      await save();
    }
  }
  const kept: SourceItem[] = [];
  const dropped: DroppedItem[] = [];
  for (const item of items) {
    const found = bare(item) ? known[item.id] : undefined;
    if (typeof found === 'string') dropped.push({ id: item.id, file: item.file, reason: found });
    else kept.push(found ? { ...item, points: found } : item);
  }
  return { items: kept, dropped };
}

async function pointsOf(finder: FaceFinder, path: string): Promise<number[] | string> {
  const [face] = await finder.find(await readPicture(await readThrough(path)), { tiles: 'never' });
  if (!face) return 'no face found';
  // As the file will hold them: a resumed run must see the same.
  return sixtyEightPoints(face.mesh).flatMap(({ x, y }) => [x, y].map((v) => Math.round(v * 100) / 100));
}

/** A cache that cannot be read is made again. */
async function readCache(path: string): Promise<Known> {
  if (!existsSync(path)) return {};
  try {
    return schema.parse(JSON.parse(await readFile(path, 'utf8'))).items;
  } catch {
    return {};
  }
}
