/** Plain folders: real/ and fake/, or footage that is all of one kind. */
import { join } from 'node:path';
import { errors } from '../../base/errors.ts';
import { isMediaName } from '../../media/find.ts';
import type { Label } from '../manifest.ts';
import { gather, namesIn, type SourceSet, withoutExtension } from '../source.ts';

const usual: Readonly<Record<Label, readonly string[]>> = {
  0: ['real', 'original', 'originals', 'pristine', '0_real'],
  1: ['fake', 'manipulated', 'forged', 'generated', '1_fake'],
};

export interface FolderOptions {
  /** All that lies in the folder is this. */
  label?: Label | undefined;
  /** Names of the folders of real and of fake files, where they are not the usual ones. */
  real?: string | undefined;
  fake?: string | undefined;
}

/**
 * Reads a folder's media files. Where a file lies in a folder of its class, that folder's own folders are people
 * (`real/anna/1.mp4`): footage of one folder is one source. Otherwise a file is its own source, and `real/x.mp4` and
 * `fake/x.mp4` are a pair. Throws LAYOUT_INVALID.
 */
export function readFolder(folder: string, { label, real, fake }: FolderOptions = {}): SourceSet {
  const out = gather(folder, 'folder');
  const classes: { name: string; label: Label }[] =
    label !== undefined
      ? [{ name: '', label }]
      : namesIn(folder, 'folders').flatMap((name): { name: string; label: Label }[] => {
          const is = (kind: Label, given: string | undefined) =>
            given === undefined ? usual[kind].includes(name.toLowerCase()) : name === given;
          return is(0, real) ? [{ name, label: 0 }] : is(1, fake) ? [{ name, label: 1 }] : [];
        });
  if (classes.length === 0) {
    const names = `${real ?? 'real'} or ${fake ?? 'fake'}`;
    throw errors.LAYOUT_INVALID(folder, 'folder', `it holds no folder ${names}, and no --label is given`);
  }
  const originals = new Map<string, string>();
  let found = 0;
  for (const kind of [...classes].sort((a, b) => a.label - b.label)) {
    for (const inside of filesUnder(join(folder, kind.name))) {
      const file = kind.name === '' ? inside : `${kind.name}/${inside}`;
      const stem = withoutExtension(inside);
      const person = stem.includes('/') ? stem.slice(0, stem.indexOf('/')) : stem;
      const original = originals.get(stem);
      found++;
      if (kind.label === 0) originals.set(stem, file);
      out.add({
        // With its extension: a.mp4 and a.jpg may lie side by side.
        id: file,
        file,
        label: kind.label,
        method: kind.label === 0 ? 'original' : 'unknown',
        videoId: file,
        sourceId: person,
        ...(kind.label === 1 && original !== undefined ? { original } : {}),
      });
    }
  }
  if (found === 0) throw errors.FOLDER_WITHOUT_MEDIA(folder);
  return out.finish();
}

function filesUnder(folder: string): string[] {
  return [
    ...namesIn(folder, 'files').filter(isMediaName),
    ...namesIn(folder, 'folders').flatMap((name) =>
      filesUnder(join(folder, name)).map((file) => `${name}/${file}`),
    ),
  ];
}
