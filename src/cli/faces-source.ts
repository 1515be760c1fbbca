/** What commands that score faces share: which set, which side of it, which qualities. */
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { errors } from '../base/errors.ts';
import { openSource } from '../data/layouts/index.ts';
import { type Item, type SplitName, splitNames } from '../data/manifest.ts';
import type { Contract } from '../detect/contract.ts';
import { type ConditionName, conditionNames } from '../experiments/conditions.ts';

export interface FacesFlags {
  data: string;
  splitOf?: string;
  side: SplitName;
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
  return command
    .requiredOption('--data <set>', 'a data set of faces that are cut already (see `dataset prepare`)')
    .option('--split-of <recipe>', 'only one side of the split that this recipe makes (its data is --data)')
    .addOption(
      new Option('--side <side>', 'with --split-of: which side').choices(splitNames).default('test'),
    );
}

/** `--conditions as-is,crf-40`; `all` is every one. */
export function parseConditions(text: string): ConditionName[] {
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
  const of = async (): Promise<{ folder: string; items: readonly Item[]; dropped: readonly unknown[] }> => {
    if (splitOf === undefined) return openSource(data);
    const { readRecipe } = await import('../train/recipe.ts');
    const { readSide } = await import('../train/data.ts');
    const recipe = await readRecipe(splitOf, { data: resolve(data) });
    return readSide(recipe, side);
  };
  const { folder, items, dropped } = await of();
  if (items.length === 0) throw errors.DATA_EMPTY(data, 'no picture');
  const taken = items.slice(0, limit);
  const whose = splitOf === undefined ? '' : `the ${side} side of `;
  return {
    folder,
    items: taken,
    words: `${taken.length} pictures of ${whose}${data}`,
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
