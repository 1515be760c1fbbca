/** FaceForensics++ (Rössler et al. 2019) as its download script lays it out, DeepFakeDetection included. */
import { readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { z } from 'zod';
import { describe, errors } from '../../base/errors.ts';
import { isMediaName } from '../../media/find.ts';
import type { SplitName } from '../manifest.ts';
import { gather, namesIn, type SourceSet, withoutExtension } from '../source.ts';

const splitFile = z.array(z.tuple([z.string(), z.string()]));
const files: readonly (readonly [SplitName, string])[] = [
  ['train', 'train.json'],
  ['validation', 'val.json'],
  ['test', 'test.json'],
];

/**
 * Reads
 *
 *     original_sequences/{youtube,actors}/{raw,c23,c40}/videos/183.mp4
 *     manipulated_sequences/METHOD/{raw,c23,c40}/videos/183_253.mp4     target 183, face of 253
 *     manipulated_sequences/METHOD/masks/videos/183_253.mp4
 *     splits/{train,val,test}.json                                      [["183", "253"], …]
 *
 * An id names method, compression and file: a grouping by file name alone would merge the four methods' videos of one
 * pair. The source of a fake are both people, so that a pair stays on one side. A video that no list names has no
 * split. Throws LAYOUT_INVALID where there are no videos, or a list is no list of pairs.
 */
export function readFfpp(
  folder: string,
  { compression }: { compression?: string | undefined } = {},
): SourceSet {
  const out = gather(folder, 'ffpp');
  const splits = readSplits(folder);
  const videos = (path: string) => namesIn(path, 'files').filter(isMediaName);
  const wanted = (name: string) => (compression === undefined ? name !== 'masks' : name === compression);
  const originals = new Map<string, string>();
  let found = 0;
  for (const set of namesIn(join(folder, 'original_sequences'), 'folders')) {
    const base = join(folder, 'original_sequences', set);
    for (const c of namesIn(base, 'folders').filter(wanted)) {
      for (const name of videos(join(base, c, 'videos'))) {
        const stem = withoutExtension(name);
        const id = `${set}/${c}/${stem}`;
        originals.set(`${c}/${stem}`, id);
        found++;
        out.add({
          id,
          file: `original_sequences/${set}/${c}/videos/${name}`,
          label: 0,
          method: 'original',
          videoId: id,
          sourceId: personOf(stem),
          compression: c,
          split: splits.get(stem),
        });
      }
    }
  }
  for (const method of namesIn(join(folder, 'manipulated_sequences'), 'folders')) {
    const base = join(folder, 'manipulated_sequences', method);
    const masks = new Map(
      videos(join(base, 'masks', 'videos')).map((name) => [withoutExtension(name), `masks/videos/${name}`]),
    );
    for (const c of namesIn(base, 'folders').filter(wanted)) {
      for (const name of videos(join(base, c, 'videos'))) {
        const stem = withoutExtension(name);
        const id = `${method}/${c}/${stem}`;
        const { target, people } = partsOf(stem);
        const mask = masks.get(stem);
        found++;
        out.add({
          id,
          file: `manipulated_sequences/${method}/${c}/videos/${name}`,
          label: 1,
          method,
          videoId: id,
          sourceId: people.join('+'),
          compression: c,
          split: splits.get(people[0]),
          original: originals.get(`${c}/${target}`),
          ...(mask === undefined ? {} : { mask: `manipulated_sequences/${method}/${mask}` }),
        });
      }
    }
  }
  if (found === 0) {
    const where = compression === undefined ? '' : ` of compression ${compression}`;
    throw errors.LAYOUT_INVALID(
      folder,
      'ffpp',
      `no video${where} in original_sequences/*/*/videos or manipulated_sequences/*/*/videos`,
    );
  }
  return out.finish();
}

/** DeepFakeDetection's `01__exit_phone_room` is actor 01; `183` is itself. */
const personOf = (stem: string) =>
  /^(\d+)__/.exec(stem) ? `actor-${stem.slice(0, stem.indexOf('__'))}` : stem;

/** `183_253` → video 183, people 183 and 253; `01_02__scene__HASH` → video `01__scene`, actors 01 and 02. */
function partsOf(stem: string): { target: string; people: string[] } {
  const actors = /^(\d+)_(\d+)__(.+)__[A-Z0-9]+$/.exec(stem);
  if (actors) {
    const [, target, source, scene] = actors;
    return { target: `${target}__${scene}`, people: [`actor-${target}`, `actor-${source}`] };
  }
  const people = stem.split('_');
  return { target: people[0], people };
}

function readSplits(folder: string): Map<string, SplitName> {
  const sides = new Map<string, SplitName>();
  for (const [side, name] of files) {
    const path = join(folder, 'splits', name);
    let text: string;
    try {
      text = readFileSync(path, 'utf8');
    } catch {
      continue;
    }
    try {
      for (const id of splitFile.parse(JSON.parse(text)).flat()) {
        const other = sides.get(id);
        if (other !== undefined && other !== side) throw new Error(`${id} is in ${other} and ${side}`);
        sides.set(id, side);
      }
    } catch (thrown) {
      const reason = thrown instanceof z.ZodError ? thrown.issues[0].message : describe(thrown);
      throw errors.LAYOUT_INVALID(relative('', path) || path, 'ffpp', reason);
    }
  }
  return sides;
}
