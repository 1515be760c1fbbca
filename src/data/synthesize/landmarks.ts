/** The 68 points of a set's picture, from wherever the set keeps them. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { Point } from '../../base/geometry.ts';
import { readThrough } from '../shards.ts';
import type { SourceItem } from '../source.ts';

const sample = z.object({ landmarks: z.array(z.tuple([z.number(), z.number()])).length(68) });

/** Points in pixels of the picture; undefined where the set has none, or none that are 68. */
export async function readPoints(folder: string, item: SourceItem): Promise<Point[] | undefined> {
  if (item.points) {
    const { points } = item;
    return Array.from({ length: 68 }, (_, i) => ({ x: points[2 * i], y: points[2 * i + 1] }));
  }
  if (item.landmarks === undefined) return undefined;
  const source = await readThrough(join(folder, item.landmarks));
  const text = typeof source === 'string' ? await readFile(source, 'utf8') : Buffer.from(source).toString();
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return undefined;
  }
  const parsed = sample.safeParse(json);
  return parsed.success ? parsed.data.landmarks.map(([x, y]) => ({ x, y })) : undefined;
}
