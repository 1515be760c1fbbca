/** Files and folders on the command line to the clips in them. */
import type { Dirent } from 'node:fs';
import { readdir, realpath, stat } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { describe, errors } from '../base/errors.ts';

/** What is taken from a folder, by extension; a file that is named directly is tried whatever it is called. */
export const mediaExtensions: ReadonlySet<string> = new Set(
  (
    '.mp4 .m4v .mov .3gp .3g2 .qt .webm .mkv .avi .mpg .mpeg .mpe .m1v .m2v .vob .ts .m2ts .mts .flv .f4v .wmv ' +
    '.asf .ogv .mxf .jpg .jpeg .jpe .jfif .png .webp .avif .gif'
  ).split(' '),
);

export const isMediaName = (name: string): boolean => mediaExtensions.has(extname(name).toLowerCase());

/**
 * Yields the named files as they are, existing or not (opening them tells), and the media files of the named
 * folders: recursive, in the order of code points, without hidden files. Each folder is visited once for a
 * named path, so that links cannot loop. Holds one folder's names at a time for each level, never the whole list.
 *
 * Throws FOLDER_WITHOUT_MEDIA for a named folder that gave nothing, after what came before was yielded; set
 * `onProblem` to be told and go on instead. CLIP_UNREADABLE likewise for folders that cannot be listed.
 */
export async function* findMedia(
  paths: Iterable<string>,
  { onProblem }: { onProblem?: (path: string, problem: Error) => void } = {},
): AsyncGenerator<string, void, void> {
  const report = (path: string, problem: Error) => {
    if (!onProblem) throw problem;
    onProblem(path, problem);
  };
  for (const path of paths) {
    const found = await stat(path).catch(() => undefined);
    if (!found?.isDirectory()) {
      yield path;
      continue;
    }
    let any = false;
    for await (const file of walk(path, new Set(), report)) {
      any = true;
      yield file;
    }
    if (!any) report(path, errors.FOLDER_WITHOUT_MEDIA(path));
  }
}

async function* walk(
  folder: string,
  visited: Set<string>,
  report: (path: string, problem: Error) => void,
): AsyncGenerator<string, void, void> {
  let entries: Dirent[];
  try {
    const real = await realpath(folder);
    if (visited.has(real)) return;
    visited.add(real);
    entries = await readdir(folder, { withFileTypes: true });
  } catch (thrown) {
    report(folder, errors.CLIP_UNREADABLE(folder, describe(thrown)));
    return;
  }
  entries.sort((a, b) => (a.name < b.name ? -1 : 1));
  for (const entry of entries) {
    if (entry.name.startsWith('.')) continue;
    const path = join(folder, entry.name);
    // A link is what it points at; a dangling one is nothing.
    const kind = entry.isSymbolicLink() ? await stat(path).catch(() => undefined) : entry;
    if (kind?.isDirectory()) yield* walk(path, visited, report);
    else if (kind?.isFile() && isMediaName(entry.name)) yield path;
  }
}
