import { resolve } from 'node:path';
import { clock } from '../../report/format.ts';
import type { CliCommand } from '../command.ts';
import { oneLine } from '../io.ts';
import { figureTable } from '../table.ts';

export const runsCommand: CliCommand = {
  name: 'runs',
  register: (command, context) =>
    command
      .summary('list training runs and sweeps')
      .description('Lists the runs under a folder: what was trained, how far it came and how good it is.')
      .argument('[folder]', 'where to look', 'runs')
      .option('--json', 'one JSON line a run on stdout')
      .action(async (folder: string, options: { json?: true }) => {
        const { listRuns } = await import('../../experiments/runs.ts');
        const { runs, unreadable } = await listRuns(resolve(folder));
        for (const name of unreadable) context.stderr.write(`mesoscope: ${oneLine(name)} cannot be read\n`);
        if (options.json) {
          for (const { curve: _, ...run } of runs) context.stdout.write(`${JSON.stringify(run)}\n`);
          return;
        }
        const rows = runs.map(({ name, network, status, steps, metric, best, seconds }) => [
          name,
          network,
          status,
          String(steps),
          metric ?? '',
          best === null ? '–' : best.toFixed(3),
          clock(seconds),
        ]);
        const head = ['run', 'network', 'status', 'steps', 'metric', 'best', 'time'];
        context.stdout.write(
          runs.length === 0
            ? `${folder} holds no run. \`mesoscope train\` and \`mesoscope sweep\` make them.\n`
            : `${figureTable(head, rows, context.colour)}\n`,
        );
      }),
};
