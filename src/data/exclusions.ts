/**
 * Pictures that a person has looked at and refused (000 §3.1.1: the set "has been manually reviewed to remove
 * misalignment and wrong face detection"). `dataset show` makes the list; prepare, synthesize and training honour it.
 */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { describe, errors } from '../base/errors.ts';
import type { DroppedItem, Item } from './manifest.ts';

/** Beside a manifest, a file of this name is honoured by whoever reads the manifest. */
export const exclusionFile = 'exclude.json';

const schema = z.object({
  schema: z.literal('mesoscope.exclusions/1'),
  items: z.array(z.object({ id: z.string().min(1), reason: z.string().default('excluded by hand') })),
});

/** Item id → reason. */
export type Exclusions = ReadonlyMap<string, string>;

/** Throws LIST_INVALID. */
export async function readExclusions(path: string): Promise<Exclusions> {
  try {
    const { items } = schema.parse(JSON.parse(await readFile(path, 'utf8')));
    return new Map(items.map(({ id, reason }) => [id, reason]));
  } catch (thrown) {
    const reason = thrown instanceof z.ZodError ? thrown.issues[0].message : describe(thrown);
    throw errors.LIST_INVALID(path, reason);
  }
}

/** The list beside a manifest; empty where there is none. */
export async function exclusionsIn(folder: string): Promise<Exclusions> {
  const path = `${folder}/${exclusionFile}`;
  return existsSync(path) ? readExclusions(path) : new Map();
}

export function formatExclusions(exclusions: Exclusions): string {
  const items = [...exclusions].map(([id, reason]) => ({ id, reason }));
  return `${JSON.stringify({ schema: 'mesoscope.exclusions/1', items }, null, 1)}\n`;
}

/** Parts items into kept and dropped. An id also stands for everything under it: `youtube/c23/183` for all its faces. */
export function applyExclusions<T extends Item>(
  items: readonly T[],
  exclusions: Exclusions,
): { items: T[]; dropped: DroppedItem[] } {
  if (exclusions.size === 0) return { items: [...items], dropped: [] };
  const kept: T[] = [];
  const dropped: DroppedItem[] = [];
  for (const item of items) {
    const reason = reasonFor(item.id, exclusions);
    if (reason === undefined) kept.push(item);
    else dropped.push({ id: item.id, file: item.file, reason });
  }
  return { items: kept, dropped };
}

/** Why an id is excluded: named itself, or part of what is named. */
export function reasonFor(id: string, exclusions: Exclusions): string | undefined {
  for (let part = id; part !== ''; part = part.slice(0, Math.max(0, part.lastIndexOf('/')))) {
    const reason = exclusions.get(part);
    if (reason !== undefined) return reason;
  }
  return undefined;
}
