/** What a data set's layout names before anything is decoded: clips or pictures, their labels and their pairs. */
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { type DroppedItem, type Item, staysInside } from './manifest.ts';

/** A video or picture of a source. `file` and `mask` are relative to the source's folder. */
export interface SourceItem extends Item {
  /** 136 numbers, x y of 68 points in pixels of the picture, where the source carries them. */
  points?: readonly number[] | undefined;
}

export interface SourceSet {
  /** Absolute folder that the items' paths start from. */
  folder: string;
  layout: string;
  items: SourceItem[];
  /** What the layout names and cannot be used: absent files, ids that come twice, labels that disagree. */
  dropped: DroppedItem[];
}

/**
 * Gathers a layout's items. Nothing here is fatal: a set of ten thousand videos is not given up for one bad line.
 * What is refused is listed, and makes the command end with another code than 0.
 */
export function gather(folder: string, layout: string) {
  const items = new Map<string, SourceItem>();
  const dropped: DroppedItem[] = [];
  const lists = new Map<string, Set<string>>();
  const exists = (file: string) => {
    const at = file.lastIndexOf('/');
    const parent = join(folder, file.slice(0, Math.max(0, at)));
    let names = lists.get(parent);
    if (!names) {
      // A path through something that is no folder (an archive) names nothing that lies there.
      names = new Set(isFolder(parent) ? readdirSync(parent) : []);
      lists.set(parent, names);
    }
    return names.has(file.slice(at + 1));
  };
  const drop = (id: string, file: string, reason: string) => dropped.push({ id, file, reason });
  return {
    drop,
    exists,
    add(item: SourceItem): void {
      const first = items.get(item.id);
      if (first) {
        const twice = first.file === item.file ? 'listed twice' : `its id is already that of ${first.file}`;
        return void drop(item.id, item.file, twice);
      }
      for (const path of [item.file, item.mask ?? '']) {
        if (!staysInside(path)) return void drop(item.id, path, 'it leads out of the data folder');
      }
      if (!exists(item.file)) return void drop(item.id, item.file, 'file missing');
      const { mask, ...rest } = item;
      if (mask === undefined || exists(mask)) return void items.set(item.id, item);
      drop(item.id, mask, 'mask missing');
      items.set(item.id, rest);
    },
    finish(): SourceSet {
      return { folder, layout, items: [...items.values()], dropped };
    },
  };
}

const isFolder = (path: string) => existsSync(path) && statSync(path).isDirectory();

/** Names of a folder in the order of code points; none where it does not exist. */
export function namesIn(folder: string, kind: 'files' | 'folders'): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => !entry.name.startsWith('.'))
    .filter((entry) => (kind === 'folders') === entry.isDirectory())
    .map(({ name }) => name)
    .sort();
}

/** `a/b.c.mp4` → `a/b.c` */
export function withoutExtension(file: string): string {
  const dot = file.lastIndexOf('.');
  return dot > file.lastIndexOf('/') + 1 ? file.slice(0, dot) : file;
}
