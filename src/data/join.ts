/** Several sets as one, so that a recipe can train on all of them: pictures are linked, only the list is new. */
import { constants, existsSync } from 'node:fs';
import { copyFile, link, mkdir } from 'node:fs/promises';
import { basename, dirname, extname, join, resolve } from 'node:path';
import { errors } from '../base/errors.ts';
import { unwritable, writeWholeText } from './build/whole-file.ts';
import { type DroppedItem, formatManifest, type Item, splitNames } from './manifest.ts';
import { splitShardPath } from './shards.ts';
import type { SourceItem, SourceSet } from './source.ts';
import { type SplitOptions, splitBySource } from './split.ts';

export interface JoinReport {
  manifest: string;
  sets: { name: string; real: number; manipulated: number }[];
  dropped: DroppedItem[];
}

/**
 * Writes `manifest.csv` over the items of all sets. A set's files lie under its name, as hard links where the disk
 * allows and copies otherwise; ids, videos and sources get the name too, so that people of two sets stay two.
 * Sets whose items name no sides get those of `split`, each by itself; items outside all shares keep none.
 * Throws OUTPUT_UNWRITABLE and JOIN_NAMES where two sets have one name.
 */
export async function joinSets(
  sets: ReadonlyMap<string, SourceSet>,
  out: string,
  { split }: { split?: SplitOptions | undefined } = {},
): Promise<JoinReport> {
  const items: Item[] = [];
  const report: JoinReport = { manifest: join(out, 'manifest.csv'), sets: [], dropped: [] };
  const placed = new Set<string>();
  for (const [name, source] of sets) {
    const place = async (path: string): Promise<string> => {
      const inside = splitShardPath(path);
      const file = inside?.shard ?? path;
      if (!placed.has(`${name}/${file}`)) {
        await linkOrCopy(resolve(source.folder, file), join(out, name, file));
        placed.add(`${name}/${file}`);
      }
      return `${name}/${path}`;
    };
    const under = (text: string) => `${name}/${text}`;
    for (const { points: _, ...item } of withSides(source.items, split)) {
      items.push({
        ...item,
        id: under(item.id),
        videoId: under(item.videoId),
        // Several sources are joined by +, and each keeps its set.
        sourceId: item.sourceId.split('+').map(under).join('+'),
        original: item.original === undefined ? undefined : under(item.original),
        file: await place(item.file),
        mask: item.mask === undefined ? undefined : await place(item.mask),
        landmarks: item.landmarks === undefined ? undefined : await place(item.landmarks),
      });
    }
    const manipulated = source.items.filter(({ label }) => label === 1).length;
    report.sets.push({ name, real: source.items.length - manipulated, manipulated });
    report.dropped.push(...source.dropped.map((item) => ({ ...item, id: under(item.id) })));
  }
  await writeWholeText(report.manifest, formatManifest(items, 'csv') as string);
  return report;
}

function withSides(items: readonly SourceItem[], split: SplitOptions | undefined): readonly SourceItem[] {
  if (!split || items.some((item) => item.split !== undefined)) return items;
  const sides = splitBySource(items, split);
  const sideOf = new Map(splitNames.flatMap((name) => sides[name].map((item) => [item.id, name] as const)));
  return items.map((item) => ({ ...item, split: sideOf.get(item.id) }));
}

/** A set's name from its path: the folder of a list, or the list itself. Throws JOIN_NAMES where two are alike. */
export function namesOfSets(paths: readonly string[]): string[] {
  const names = paths.map((path) => {
    const full = resolve(path);
    const name = extname(full) === '' ? basename(full) : basename(dirname(full));
    return name.replace(/[^\w.-]+/g, '_');
  });
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) throw errors.JOIN_NAMES(twice);
  return names;
}

async function linkOrCopy(from: string, to: string): Promise<void> {
  try {
    await mkdir(dirname(to), { recursive: true });
    if (existsSync(to)) return;
    await link(from, to).catch((thrown: NodeJS.ErrnoException) => {
      // Another disk, or one without links.
      if (thrown.code === 'EXDEV' || thrown.code === 'EPERM' || thrown.code === 'ENOTSUP') {
        return copyFile(from, to, constants.COPYFILE_EXCL);
      }
      throw thrown;
    });
  } catch (thrown) {
    throw unwritable(to, thrown);
  }
}
