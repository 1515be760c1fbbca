/** What all commands about data sets share: how a source is named, and how counts are typed. */
import { availableParallelism } from 'node:os';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { describe } from '../base/errors.ts';
import { type LayoutName, layoutNames, openSource } from '../data/layouts/index.ts';
import type { SourceSet } from '../data/source.ts';

export interface SourceFlags {
  layout?: LayoutName;
  label?: 'real' | 'fake';
  real?: string;
  fake?: string;
  compression?: string;
  root?: string;
}

/** Adds the options that say what a source is. */
export function sourceOptions(command: Command): Command {
  return command
    .addOption(
      new Option('--layout <name>', 'how the source is laid out; found out where left out').choices(
        layoutNames,
      ),
    )
    .addOption(new Option('--label <label>', 'all of it is this: own footage').choices(['real', 'fake']))
    .option('--real <folder>', 'layout folder: the folder of real files (default: real, original …)')
    .option('--fake <folder>', 'layout folder: the folder of fake files (default: fake, manipulated …)')
    .option('--compression <name>', 'layout ffpp: only raw, c23 or c40')
    .option('--root <folder>', 'layout deepfakebench: the folder that frame paths start from');
}

export function openNamedSource(path: string, flags: SourceFlags): Promise<SourceSet> {
  const { label, ...rest } = flags;
  return openSource(path, { ...rest, ...(label === undefined ? {} : { label: label === 'real' ? 0 : 1 }) });
}

/** Threads that leave one core for the rest of the machine. */
export const defaultWorkers = Math.max(1, availableParallelism() - 1);

export function wholeNumber(low: number, high: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < low || value > high) {
      throw new InvalidArgumentError(`A whole number from ${low} to ${high} is wanted.`);
    }
    return value;
  };
}

/** A parser's own error as commander's, which names the option. */
export function parsedBy<T>(parse: (text: string) => T): (text: string) => T {
  return (text) => {
    try {
      return parse(text);
    } catch (error) {
      throw new InvalidArgumentError(describe(error));
    }
  };
}
