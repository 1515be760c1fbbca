import { basename, dirname, resolve } from 'node:path';
import { errors } from '../../base/errors.ts';
import type { CliCommand } from '../command.ts';
import { oneLine } from '../io.ts';
import { prepareFolder, writeWhole } from '../output.ts';

interface Options {
  out: string;
  title?: string;
}

export const runsReport: CliCommand = {
  name: 'runs report',
  register: (command, context) =>
    command
      .summary('an interactive page over runs')
      .description(
        'Writes one HTML file that works without a server: parallel coordinates, learning curves, a table to sort and ' +
          'filter, recipes and their differences.',
      )
      .argument('[folder]', 'where to look', 'runs')
      .option('--out <file>', 'the page to write', 'runs.html')
      .option('--title <text>', 'its title (default: the folder’s name)')
      .action(async (folder: string, { out, title }: Options) => {
        const { listRuns } = await import('../../experiments/runs.ts');
        const { runsPage } = await import('../../report/runs.ts');
        const { runs, unreadable } = await listRuns(resolve(folder));
        for (const name of unreadable) context.stderr.write(`mesoscope: ${oneLine(name)} cannot be read\n`);
        if (runs.length === 0) throw errors.DATA_EMPTY(folder, 'no run');
        const target = resolve(out);
        await prepareFolder(dirname(target));
        const html = await runsPage(runs, title ?? `Runs of ${basename(resolve(folder))}`, new Date());
        await writeWhole(dirname(target), { [basename(target)]: html });
        context.stdout.write(`${out}: ${runs.length} runs\n`);
      }),
};
