/** Celeb-DF v2 (Li et al. 2020). */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { errors } from '../../base/errors.ts';
import { isMediaName } from '../../media/find.ts';
import type { Label } from '../manifest.ts';
import { gather, namesIn, type SourceItem, type SourceSet, withoutExtension } from '../source.ts';

const folders: readonly (readonly [string, Label])[] = [
  ['Celeb-real', 0],
  ['YouTube-real', 0],
  ['Celeb-synthesis', 1],
];
const listName = 'List_of_testing_videos.txt';

/**
 * Reads `Celeb-real/id0_0000.mp4`, `YouTube-real/00170.mp4`, `Celeb-synthesis/id0_id1_0000.mp4` (video 0000 of id0 with
 * the face of id1) and the 518 test videos of `List_of_testing_videos.txt`, in which **1 means real**; all others are
 * for training. The folder decides the label; a line that disagrees with it, or names an absent video, is listed as
 * dropped. Throws LAYOUT_INVALID.
 */
export function readCelebDf(folder: string): SourceSet {
  const out = gather(folder, 'celebdf');
  const tests = readList(folder);
  let found = 0;
  const seen = new Set<string>();
  const reals = new Set(namesIn(join(folder, 'Celeb-real'), 'files').map(withoutExtension));
  for (const [set, label] of folders) {
    for (const name of namesIn(join(folder, set), 'files').filter(isMediaName)) {
      const file = `${set}/${name}`;
      const stem = withoutExtension(name);
      const listed = tests?.get(file);
      found++;
      seen.add(file);
      if (listed !== undefined && listed !== label) {
        out.drop(`${set}/${stem}`, file, `${listName} and its folder disagree on its label`);
        continue;
      }
      out.add({
        id: `${set}/${stem}`,
        file,
        label,
        method: label === 0 ? 'original' : 'celeb-df',
        videoId: `${set}/${stem}`,
        ...sourceOf(set, stem, reals),
        ...(tests ? { split: listed === undefined ? 'train' : 'test' } : {}),
      });
    }
  }
  for (const file of tests?.keys() ?? []) {
    if (!seen.has(file)) out.drop(file, file, `named in ${listName} but missing`);
  }
  if (found === 0) {
    throw errors.LAYOUT_INVALID(folder, 'celebdf', 'no video in Celeb-real, Celeb-synthesis or YouTube-real');
  }
  return out.finish();
}

function sourceOf(set: string, stem: string, reals: Set<string>): Pick<SourceItem, 'sourceId' | 'original'> {
  const swap = /^(id\d+)_(id\d+)_(\d+)$/.exec(stem);
  if (swap) {
    const original = `${swap[1]}_${swap[3]}`;
    const known = reals.has(original) ? { original: `Celeb-real/${original}` } : {};
    return { sourceId: `${swap[1]}+${swap[2]}`, ...known };
  }
  const person = /^(id\d+)_\d+$/.exec(stem);
  return { sourceId: person ? person[1] : `${set}/${stem}` };
}

/** File → label, as ours. */
function readList(folder: string): Map<string, Label> | undefined {
  const path = join(folder, listName);
  if (!existsSync(path)) return undefined;
  const tests = new Map<string, Label>();
  for (const [index, line] of readFileSync(path, 'utf8').split(/\r?\n/).entries()) {
    if (line.trim() === '') continue;
    const match = /^([01])\s+(\S.*)$/.exec(line.trim());
    if (!match) throw errors.MANIFEST_INVALID(path, index + 1, 'label file', line, 'not "0|1 FOLDER/FILE"');
    tests.set(match[2], match[1] === '1' ? 0 : 1);
  }
  return tests;
}
