import { basename, dirname, resolve } from 'node:path';
import { errors } from '../../base/errors.ts';
import type { CliCommand } from '../command.ts';
import { prepareFolder, writeWhole } from '../output.ts';

export const runsExport: CliCommand = {
  name: 'runs export',
  register: (command, context) =>
    command
      .summary('the runs as a table: CSV or Parquet')
      .description(
        'Writes one row a run: status, what was drawn, and every metric of the weights that were kept.',
      )
      .argument('[folder]', 'where to look', 'runs')
      .requiredOption('-o, --output <file>', 'NAME.csv or NAME.parquet')
      .action(async (folder: string, { output }: { output: string }) => {
        if (!/\.(?:csv|parquet)$/.test(output)) {
          throw errors.USAGE(`${output} ends neither in .csv nor in .parquet.`);
        }
        const { listRuns, runRows } = await import('../../experiments/runs.ts');
        const { formatCsv } = await import('../../data/csv.ts');
        const { formatParquet } = await import('../../data/parquet.ts');
        const { runs } = await listRuns(resolve(folder));
        const { columns, rows } = runRows(runs);
        const content = output.endsWith('.csv') ? formatCsv(columns, rows) : formatParquet(columns, rows);
        const target = resolve(output);
        await prepareFolder(dirname(target));
        await writeWhole(dirname(target), { [basename(target)]: content });
        context.stdout.write(`${output}: ${runs.length} runs\n`);
      }),
};
