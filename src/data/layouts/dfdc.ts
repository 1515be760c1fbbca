/** DFDC (Dolhansky et al. 2020): folders of videos, each with a metadata.json. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { describe, errors } from '../../base/errors.ts';
import { isMediaName } from '../../media/find.ts';
import type { SplitName } from '../manifest.ts';
import { gather, namesIn, type SourceSet, withoutExtension } from '../source.ts';

const metadata = z.record(
  z.string(),
  z.object({
    label: z.enum(['REAL', 'FAKE']).optional(),
    // The published test set writes is_fake instead of label.
    is_fake: z.union([z.literal(0), z.literal(1)]).optional(),
    split: z.string().optional(),
    original: z.string().nullish(),
  }),
);
const sides: Readonly<Record<string, SplitName>> = {
  train: 'train',
  validate: 'validation',
  val: 'validation',
  test: 'test',
};

/**
 * Reads `metadata.json` of the folder itself and of the folders in it (`dfdc_train_part_0` …):
 * `{"a.mp4": {"label": "FAKE", "split": "train", "original": "b.mp4"}}`. The original is the source of its fakes. The
 * actors are not told: one person may stand on both sides of a split by source. Videos that are named and absent, or
 * there and not named, are listed as dropped, as is a folder whose metadata cannot be read. Throws LAYOUT_INVALID.
 */
export function readDfdc(folder: string): SourceSet {
  const out = gather(folder, 'dfdc');
  const parts = ['', ...namesIn(folder, 'folders').map((name) => `${name}/`)].filter((part) =>
    existsSync(join(folder, part, 'metadata.json')),
  );
  if (parts.length === 0)
    throw errors.LAYOUT_INVALID(folder, 'dfdc', 'no metadata.json in it or its folders');
  for (const part of parts) {
    const file = `${part}metadata.json`;
    let entries: z.output<typeof metadata>;
    try {
      entries = metadata.parse(JSON.parse(readFileSync(join(folder, file), 'utf8')));
    } catch (thrown) {
      const reason =
        thrown instanceof z.ZodError
          ? `${thrown.issues[0].path.join('.')}: ${thrown.issues[0].message}`
          : describe(thrown);
      out.drop(file, file, `cannot be read: ${reason}`);
      continue;
    }
    for (const name of Object.keys(entries).sort()) {
      const { label: word, is_fake, split, original } = entries[name];
      const id = `${part}${withoutExtension(name)}`;
      if (word === undefined && is_fake === undefined) {
        out.drop(id, part + name, 'metadata.json gives it no label');
        continue;
      }
      const label = word === 'FAKE' || is_fake === 1 ? 1 : 0;
      const source = label === 1 && original ? `${part}${withoutExtension(original)}` : id;
      const side = split === undefined ? undefined : sides[split];
      out.add({
        id,
        file: part + name,
        label,
        method: label === 0 ? 'original' : 'dfdc',
        videoId: id,
        sourceId: source,
        ...(side ? { split: side } : {}),
        // An original that is not there is no pair; prepare then finds the face in the fake itself.
        ...(source !== id ? { original: source } : {}),
      });
    }
    for (const name of namesIn(join(folder, part), 'files').filter(isMediaName)) {
      if (!(name in entries)) out.drop(part + name, part + name, 'not named in metadata.json');
    }
  }
  return out.finish();
}
