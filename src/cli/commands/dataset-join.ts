import type { CliCommand } from '../command.ts';
import { exitCodes, oneLine } from '../io.ts';
import { prepareFolder } from '../output.ts';
import { splitOfRecipe } from '../split-side.ts';

interface Options {
  out: string;
  splitOf?: string;
  json: boolean;
}

export const datasetJoin: CliCommand = {
  name: 'dataset join',
  register: (command, context) =>
    command
      .summary('several sets as one, for a recipe that trains on all')
      .description(
        'Writes one manifest over the pictures of several sets. Files are linked, not copied, where the disk allows.',
      )
      .argument('<sets...>', 'prepared sets, or any sources of pictures (docs/datasets.md)')
      .requiredOption('--out <folder>', 'the data set to write')
      .option(
        '--split-of <recipe>',
        'sets that name no sides get those that this recipe would split them into',
      )
      .option('--json', 'the report as JSON on stdout', false)
      .action(async (paths: string[], options: Options) => {
        const { joinSets, namesOfSets } = await import('../../data/join.ts');
        const { openSource } = await import('../../data/layouts/index.ts');
        const names = namesOfSets(paths);
        const sets = new Map<string, Awaited<ReturnType<typeof openSource>>>();
        for (const [i, path] of paths.entries()) sets.set(names[i], await openSource(path, {}));
        const split = options.splitOf === undefined ? undefined : await splitOfRecipe(options.splitOf);
        await prepareFolder(options.out);
        const report = await joinSets(sets, options.out, { split });
        if (options.json) context.stdout.write(`${JSON.stringify(report)}\n`);
        else {
          for (const { name, real, manipulated } of report.sets) {
            context.stdout.write(`${name}: ${real} real, ${manipulated} manipulated\n`);
          }
          context.stdout.write(`${report.manifest}\n`);
        }
        for (const { id, reason } of report.dropped) {
          context.stderr.write(`mesoscope: ${oneLine(id)}: ${oneLine(reason)}\n`);
        }
        if (report.dropped.length > 0) context.exit(exitCodes.failed);
      }),
};
