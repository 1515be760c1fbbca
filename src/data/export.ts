/** A set as plain files with DeepfakeBench's JSON: for programs that read no shards. */
import { mkdir, readFile } from 'node:fs/promises';
import { dirname, extname, join } from 'node:path';
import { describe } from '../base/errors.ts';
import { unwritable, writeWholeText } from './build/whole-file.ts';
import { writeDeepfakeBench } from './layouts/deepfakebench.ts';
import { type DroppedItem, type Item, staysInside } from './manifest.ts';
import { readThrough } from './shards.ts';
import type { SourceSet } from './source.ts';

export interface ExportReport {
  items: number;
  json: string;
  failures: DroppedItem[];
}

/**
 * Copies pictures to `frames/VIDEO/NNN.jpg` and masks to `masks/VIDEO/NNN.png`, byte for byte, and writes `NAME.json`.
 * What is there already is kept. Throws OUTPUT_UNWRITABLE; an item that cannot be read is listed.
 */
export async function exportDeepfakeBench(
  source: SourceSet,
  name: string,
  out: string,
): Promise<ExportReport> {
  const exported: Item[] = [];
  const failures: DroppedItem[] = [...source.dropped];
  const counts = new Map<string, number>();
  const copy = async (from: string, to: string) => {
    const read = await readThrough(join(source.folder, from));
    const bytes = typeof read === 'string' ? await readFile(read) : read;
    const target = join(out, to);
    await mkdir(dirname(target), { recursive: true }).catch((thrown) => {
      throw unwritable(target, thrown);
    });
    await writeWholeText(target, bytes);
    return to;
  };
  for (const item of source.items) {
    // Ids come from file names: what could climb out of the folder is flattened.
    const video = staysInside(item.videoId) ? item.videoId : item.videoId.replace(/[^\w.-]+/g, '_');
    const number = counts.get(video) ?? 0;
    counts.set(video, number + 1);
    const stem = `${video}/${String(number).padStart(3, '0')}`;
    try {
      const file = await copy(item.file, `frames/${stem}${extname(item.file)}`);
      const mask = item.mask === undefined ? undefined : await copy(item.mask, `masks/${stem}.png`);
      exported.push({ ...item, file, mask });
    } catch (thrown) {
      if ((thrown as { code?: string }).code === 'OUTPUT_UNWRITABLE') throw thrown;
      failures.push({ id: item.id, file: item.file, reason: describe(thrown) });
    }
  }
  const json = `${name}.json`;
  await writeWholeText(join(out, json), writeDeepfakeBench(name, exported));
  return { items: exported.length, json, failures };
}
