/** `dataset lint`: what would make a set's figures dishonest. */
import { describe } from '../../base/errors.ts';
import { hash32 } from '../../base/random.ts';
import type { Item } from '../manifest.ts';
import type { SourceSet } from '../source.ts';
import { type Inspected, inspect } from './inspect.ts';
import { findAlike } from './perceptual-hash.ts';
import { findShortcuts, type Shortcuts } from './shortcuts.ts';

export type FindingKind =
  | 'unreadable'
  | 'identity-leak'
  | 'duplicate'
  | 'near-duplicate'
  | 'label-conflict'
  | 'shortcut'
  | 'masks';

export interface Finding {
  kind: FindingKind;
  count: number;
  text: string;
  /** The first few. */
  examples: string[];
}

export interface LintReport {
  schema: 'mesoscope.lint/1';
  source: string;
  items: number;
  inspected: number;
  real: number;
  manipulated: number;
  findings: Finding[];
  /** Undefined where there are too few of a class to tell. */
  shortcuts: Shortcuts | undefined;
}

export interface LintOptions {
  /** Looks at so many items, drawn by their names. */
  limit?: number | undefined;
  onItem?(done: number, total: number): void;
  signal?: AbortSignal;
}

/** The lower end of the AUC's interval from which the files give the classes away. */
export const mostShortcut = 0.6;
const examplesShown = 5;
/** Items in the making at once: decoding runs in libuv's threads. */
const inFlight = 4;

export async function lint(
  source: SourceSet,
  { limit, onItem, signal }: LintOptions = {},
): Promise<LintReport> {
  const items = limit === undefined ? source.items : someOf(source.items, limit);
  const findings: Finding[] = [];
  const add = (kind: FindingKind, text: string, examples: string[]) => {
    if (examples.length > 0) {
      findings.push({ kind, count: examples.length, text, examples: examples.slice(0, examplesShown) });
    }
  };
  const inspected: (Inspected | undefined)[] = new Array(items.length).fill(undefined);
  const broken: string[] = source.dropped.map(({ id, file, reason }) => `${file || id}: ${reason}`);
  const queue = items.keys();
  let done = 0;
  const run = async () => {
    for (const index of queue) {
      signal?.throwIfAborted();
      try {
        inspected[index] = await inspect(source.folder, items[index]);
      } catch (thrown) {
        broken.push(`${items[index].file}: ${describe(thrown)}`);
      }
      onItem?.(++done, items.length);
    }
  };
  await Promise.all(Array.from({ length: inFlight }, run));
  const problems = (kind: 'masks' | 'unreadable') =>
    inspected.flatMap(
      (it) => it?.problems.filter((problem) => problem.kind === kind).map(({ text }) => text) ?? [],
    );

  add('unreadable', 'items cannot be used', [...broken, ...problems('unreadable')]);
  add('identity-leak', 'sources stand on more than one side of the set’s split', identityLeaks(source.items));
  const same = sameBytes(items, inspected);
  add('label-conflict', 'pictures, or videos, carry both labels', [
    ...same.filter(([a, b]) => items[a].label !== items[b].label).map(([a, b]) => pair(items, a, b)),
    ...conflictingVideos(source.items),
  ]);
  add(
    'duplicate',
    'pictures are there more than once',
    same.filter(([a, b]) => items[a].label === items[b].label).map(([a, b]) => pair(items, a, b)),
  );
  const exact = new Set(same.map(([a, b]) => `${a}/${b}`));
  const near = findAlike(
    inspected.map((it) => it?.looks),
    (a, b) => mayLeak(items[a], items[b]),
  ).filter(([a, b]) => !exact.has(`${a}/${b}`));
  add(
    'near-duplicate',
    'pairs of pictures look alike and may come to lie on both sides of a split',
    near.map(([a, b]) => pair(items, a, b)),
  );
  const masked = items.filter(({ label, mask }) => label === 1 && mask !== undefined).length;
  const without = items.filter(({ label, mask }) => label === 1 && mask === undefined);
  if (masked > 0)
    add(
      'masks',
      'manipulated items have no mask, while others have',
      without.map(({ id }) => id),
    );
  add('masks', 'masks cannot be used as they are', problems('masks'));
  const known = [...items.keys()].filter((index) => inspected[index] !== undefined);
  const shortcuts = findShortcuts(
    known.map((index) => items[index]),
    known.map((index) => inspected[index]?.features ?? {}),
  );
  if (shortcuts && shortcuts.interval[0] > mostShortcut) {
    add(
      'shortcut',
      `the files alone tell the classes apart: AUC ${shortcuts.auc.toFixed(3)}, without a look at any pixel`,
      shortcuts.features
        .filter((feature) => feature.auc > 0.55)
        .map(({ name, auc }) => `${name}: AUC ${auc.toFixed(3)}`),
    );
  }
  return {
    schema: 'mesoscope.lint/1',
    source: source.folder,
    items: source.items.length,
    inspected: known.length,
    real: source.items.filter(({ label }) => label === 0).length,
    manipulated: source.items.filter(({ label }) => label === 1).length,
    findings,
    shortcuts,
  };
}

const pair = (items: readonly Item[], a: number, b: number) => `${items[a].file} = ${items[b].file}`;

function someOf<T extends Item>(items: readonly T[], limit: number): T[] {
  const ranked = [...items].sort((a, b) => hash32(`lint/${a.id}`) - hash32(`lint/${b.id}`)).slice(0, limit);
  const chosen = new Set(ranked);
  return items.filter((item) => chosen.has(item));
}

function identityLeaks(items: readonly Item[]): string[] {
  const sides = new Map<string, Set<string>>();
  for (const { split, sourceId, videoId } of items) {
    if (!split) continue;
    for (const name of [...sourceId.split('+').map((id) => `source ${id}`), `video ${videoId}`]) {
      const known = sides.get(name);
      if (known) known.add(split);
      else sides.set(name, new Set([split]));
    }
  }
  return [...sides].filter(([, set]) => set.size > 1).map(([name, set]) => `${name}: ${[...set].join(', ')}`);
}

function conflictingVideos(items: readonly Item[]): string[] {
  const labels = new Map<string, Set<number>>();
  for (const { videoId, label, method } of items) {
    // A real picture that was altered without being forged keeps its video's name.
    const key = `${videoId}\0${method}`;
    labels.set(key, (labels.get(key) ?? new Set()).add(label));
  }
  return [...labels].filter(([, set]) => set.size > 1).map(([key]) => `video ${key.split('\0')[0]}`);
}

/** Each later picture with the first of the same bytes. */
function sameBytes(
  items: readonly Item[],
  inspected: readonly (Inspected | undefined)[],
): [number, number][] {
  const first = new Map<string, number>();
  const pairs: [number, number][] = [];
  for (const index of items.keys()) {
    const hash = inspected[index]?.sha256;
    if (hash === undefined) continue;
    const known = first.get(hash);
    if (known === undefined) first.set(hash, index);
    else pairs.push([known, index]);
  }
  return pairs;
}

/** Two items that a split would not keep together; where the set has sides, only those that lie on different ones. */
function mayLeak(a: Item, b: Item): boolean {
  if (a.split && b.split) return a.split !== b.split;
  if (a.videoId === b.videoId) return false;
  const people = new Set(a.sourceId.split('+'));
  return !b.sourceId.split('+').some((id) => people.has(id));
}
