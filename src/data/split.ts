/** Splits that cannot leak: by source, so that an original and all that was made from it stay on one side. */
import { z } from 'zod';
import { hash32 } from '../base/random.ts';
import type { DroppedItem, Item } from './manifest.ts';

const share = z.number().min(0).max(1);

export const splitSchema = z.strictObject({
  seed: z.int().nonnegative(),
  /** Shares of the items, together at most 1; what is over is left out. */
  shares: z
    .strictObject({ train: share, validation: share, test: share })
    .refine((s) => s.train + s.validation + s.test <= 1 + 1e-9, 'the shares add up to more than 1'),
  /** Leaves out items of the larger class until each side has as many real as manipulated ones (002). */
  balanced: z.boolean().default(false),
});
export type SplitOptions = z.input<typeof splitSchema>;

export interface Split {
  train: Item[];
  validation: Item[];
  test: Item[];
  dropped: DroppedItem[];
}

/**
 * Splits by source. Sources that share a video or are named together (`000+003`) count as one. The order of the items
 * in the file does not matter, only the seed and the names do; within a side the file's order is kept. Groups of real
 * items only, of manipulated only and of both are cut separately, so that the classes come out alike.
 */
export function splitBySource(items: readonly Item[], options: SplitOptions): Split {
  const { seed, shares, balanced = false } = options;
  const groups = linkedGroups(items);
  const strata = new Map<string, Item[][]>();
  for (const group of groups) {
    const kind = [0, 1].filter((label) => group.some((item) => item.label === label)).join();
    const stratum = strata.get(kind);
    if (stratum) stratum.push(group);
    else strata.set(kind, [group]);
  }
  const side = new Map<Item, 'train' | 'validation' | 'test'>();
  for (const stratum of strata.values()) {
    const ranked = stratum
      .map((group) => ({ group, key: leastName(group) }))
      .map((entry) => ({ ...entry, rank: hash32(`${seed}/split/${entry.key}`) }))
      .sort((a, b) => a.rank - b.rank || (a.key < b.key ? -1 : 1));
    const total = stratum.reduce((sum, group) => sum + group.length, 0);
    let before = 0;
    for (const { group } of ranked) {
      // A group goes where its middle falls, so that rounding favours no side.
      const at = (before + group.length / 2) / total;
      before += group.length;
      const { train, validation, test } = shares;
      const name =
        at < train
          ? 'train'
          : at < train + validation
            ? 'validation'
            : at < train + validation + test
              ? 'test'
              : undefined;
      if (name) for (const item of group) side.set(item, name);
    }
  }
  const out: Split = { train: [], validation: [], test: [], dropped: [] };
  for (const item of items) {
    const name = side.get(item);
    if (name) out[name].push(item);
    else out.dropped.push({ id: item.id, file: item.file, reason: 'outside all shares' });
  }
  if (balanced) {
    for (const name of ['train', 'validation', 'test'] as const) {
      const kept = balance(out[name], seed);
      for (const item of out[name]) {
        if (kept.has(item)) continue;
        out.dropped.push({ id: item.id, file: item.file, reason: 'left out to balance the classes' });
      }
      out[name] = out[name].filter((item) => kept.has(item));
    }
  }
  return out;
}

/** The sides that the data set's authors chose (FF++: 720/140/140 videos); items without one are dropped. */
export function splitGiven(items: readonly Item[]): Split {
  const out: Split = { train: [], validation: [], test: [], dropped: [] };
  for (const item of items) {
    if (item.split) out[item.split].push(item);
    else out.dropped.push({ id: item.id, file: item.file, reason: 'the data set gives it no side' });
  }
  return out;
}

/** As many of each class as the smaller one has, chosen by name and seed. */
function balance(items: readonly Item[], seed: number): Set<Item> {
  const classes = [0, 1].map((label) =>
    items
      .filter((item) => item.label === label)
      .map((item) => ({ item, rank: hash32(`${seed}/balance/${item.id}`) }))
      .sort((a, b) => a.rank - b.rank || (a.item.id < b.item.id ? -1 : 1)),
  );
  const count = Math.min(...classes.map((members) => members.length));
  return new Set(classes.flatMap((members) => members.slice(0, count).map(({ item }) => item)));
}

/** Union-find over sources and videos. */
function linkedGroups(items: readonly Item[]): Item[][] {
  const parents = new Map<string, string>();
  const root = (name: string): string => {
    let at = name;
    for (let up = parents.get(at); up !== undefined && up !== at; up = parents.get(at)) {
      parents.set(at, parents.get(up) ?? up);
      at = up;
    }
    return at;
  };
  for (const item of items) {
    const [first, ...others] = [...item.sourceId.split('+').map((s) => `s/${s}`), `v/${item.videoId}`];
    if (!parents.has(first)) parents.set(first, first);
    for (const other of others) {
      if (!parents.has(other)) parents.set(other, other);
      parents.set(root(other), root(first));
    }
  }
  const groups = new Map<string, Item[]>();
  for (const item of items) {
    const key = root(`v/${item.videoId}`);
    const group = groups.get(key);
    if (group) group.push(item);
    else groups.set(key, [item]);
  }
  return [...groups.values()];
}

function leastName(group: readonly Item[]): string {
  return group.map(({ sourceId }) => sourceId).sort()[0];
}
