/** A part of a set: some of its methods, each beside the untouched pictures that it was made from. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { writeWholeText } from '../../data/build/whole-file.ts';
import { manifestPath } from '../../data/layouts/index.ts';
import { formatManifest, type Item, readManifest } from '../../data/manifest.ts';

/** Path of a manifest beside the set's own, which names only these methods and their originals. */
export async function writeManifestFor(set: string, methods: readonly string[]): Promise<string> {
  const out = join(set, `only-${[...methods].sort().join('-').toLowerCase()}.csv`);
  if (existsSync(out)) return out;
  const { items } = await readManifest(manifestPath(set) ?? set);
  const kept = items.filter(({ method }) => methods.includes(method));
  const originals = new Set(kept.map(({ original }) => original));
  const named = items.some(({ label, id }) => label === 0 && originals.has(id));
  const chosen = items.filter(
    (item: Item) => methods.includes(item.method) || (item.label === 0 && (!named || originals.has(item.id))),
  );
  await writeWholeText(out, formatManifest(chosen, 'csv'));
  return out;
}
