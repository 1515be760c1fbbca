/** What commands that score faces share: which set, which side of it, which qualities. */
import { existsSync } from 'node:fs';
import { join, resolve, sep } from 'node:path';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { errors } from '../base/errors.ts';
import { openSource } from '../data/layouts/index.ts';
import type { Item } from '../data/manifest.ts';
import type { Contract } from '../detect/contract.ts';
import { type ConditionName, conditionNames } from '../experiments/conditions.ts';
import { readNamedSide, type SideFlags, sideOptions } from './split-side.ts';

export interface FacesFlags extends SideFlags {
  data: string;
  limit?: number;
}

export interface Faces {
  folder: string;
  items: readonly Item[];
  /** "1,200 pictures of the test side of …", for protocols. */
  words: string;
  dropped: number;
}

export function facesOptions(command: Command): Command {
  return sideOptions(
    command.requiredOption(
      '--data <set>',
      'a data set of faces that are cut already (see `dataset prepare`)',
    ),
  );
}

export function conditionsOption(usual: ConditionName[]): Option {
  return new Option(
    '--conditions <names>',
    `qualities to measure, with commas, or all: ${conditionNames.join(', ')}`,
  )
    .argParser(parseConditions)
    .default(usual, usual.join(','));
}

/** `--conditions as-is,crf-40`; `all` is every one. */
function parseConditions(text: string): ConditionName[] {
  if (text === 'all') return [...conditionNames];
  const names = text.split(',').map((name) => name.trim());
  const known = conditionNames as readonly string[];
  const unknown = names.find((name) => !known.includes(name));
  if (unknown !== undefined || new Set(names).size < names.length) {
    throw new InvalidArgumentError(
      `"${unknown ?? text}": name each of ${conditionNames.join(', ')} at most once, or all.`,
    );
  }
  return names as ConditionName[];
}

/** Throws what reading the set or the recipe throws, and DATA_EMPTY. */
export async function openFaces({ data, splitOf, side, limit }: FacesFlags): Promise<Faces> {
  const { folder, items, dropped } =
    (await readNamedSide(data, { ...(splitOf === undefined ? {} : { splitOf }), side })) ??
    (await openSource(data));
  if (items.length === 0) throw errors.DATA_EMPTY(data, 'no picture');
  const taken = items.slice(0, limit);
  const whose = splitOf === undefined ? '' : `the ${side} side of `;
  // The last two parts name a set; where it lies on this machine is nobody's business.
  const name = resolve(data).split(sep).slice(-2).join('/');
  return {
    folder,
    items: taken,
    words: `${taken.length} pictures of ${whose}${name}`,
    dropped: dropped.length,
  };
}

/**
 * Why the set's crops are not those that the detector was made for; undefined where they agree, or where the set does
 * not say how it was cut.
 */
export async function cropMismatch(data: string, { crop }: Contract): Promise<string | undefined> {
  const report = join(data, 'report.json');
  if (!existsSync(report)) return undefined;
  const { readFile } = await import('node:fs/promises');
  const plan = (JSON.parse(await readFile(report, 'utf8')) as { plan?: { crop?: unknown } }).plan?.crop;
  if (plan === undefined || JSON.stringify(plan) === JSON.stringify(crop)) return undefined;
  return `its faces were cut by ${JSON.stringify(plan)}, but the detector expects ${JSON.stringify(crop)}`;
}
