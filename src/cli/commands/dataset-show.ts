import { readFile } from 'node:fs/promises';
import { basename, dirname, resolve } from 'node:path';
import { Option } from 'commander';
import { z } from 'zod';
import { describe, errors } from '../../base/errors.ts';
import type { CliCommand } from '../command.ts';
import { openNamedSource, type SourceFlags, sourceOptions, wholeNumber } from '../dataset-source.ts';
import { prepareFolder, writeWhole } from '../output.ts';

interface Options extends SourceFlags {
  out: string;
  count: number;
  seed: number;
  method?: string;
  augment?: string;
}

export const datasetShow: CliCommand = {
  name: 'dataset show',
  register: (command, context) =>
    sourceOptions(command)
      .summary('a contact sheet of a data set, to look at and to mark')
      .description(
        'Writes an HTML page of pairs, masks and what was left out. What is marked there is saved as exclude.json; ' +
          'beside the manifest it is honoured by prepare, synthesize and training.',
      )
      .argument('<set>', 'a data set (or any source of pictures)')
      .requiredOption('--out <file>', 'the page to write (.html)')
      .addOption(new Option('--count <n>', 'rows').argParser(wholeNumber(1, 5000)).default(40))
      .addOption(new Option('--seed <n>', 'of the choice').argParser(wholeNumber(0, 2 ** 31)).default(1))
      .option('--method <name>', 'only what was made by this')
      .option('--augment <recipe>', 'also show the augmentations of this recipe, or `mesonet`')
      .action(async (path: string, options: Options) => {
        const { contactSheet } = await import('../../data/show/contact-sheet.ts');
        const { folder, items, dropped } = await openNamedSource(path, options);
        const augment = options.augment === undefined ? undefined : await augmentOf(options.augment);
        const { count, seed, method } = options;
        const html = await contactSheet({ folder, path, items, dropped }, { count, seed, method, augment });
        const target = resolve(options.out);
        await prepareFolder(dirname(target));
        await writeWhole(dirname(target), { [basename(target)]: html });
        context.stderr.write(
          `${options.out}: ${Math.min(count, items.length)} rows at most, of ${items.length} pictures\n`,
        );
      }),
};

/** @throws RECIPE_UNREADABLE */
async function augmentOf(recipe: string) {
  const { augmentSchema, mesonetAugment } = await import('../../data/augment/index.ts');
  if (recipe === 'mesonet') return mesonetAugment;
  try {
    return z.object({ augment: augmentSchema }).parse(JSON.parse(await readFile(recipe, 'utf8'))).augment;
  } catch (thrown) {
    throw errors.RECIPE_UNREADABLE(recipe, describe(thrown));
  }
}
