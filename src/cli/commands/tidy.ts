import Table from 'cli-table3';
import { InvalidArgumentError } from 'commander';
import type { TidyReport } from '../../server/storage/tidy.ts';
import type { CliCommand } from '../command.ts';
import { oneLine } from '../io.ts';

interface Options {
  database?: string;
  store?: string;
  older: number;
  remove?: true;
  json?: true;
  quiet?: true;
}

/** Between two lines of progress, ms. */
const tellEvery = 10_000;

export const tidyCommand: CliCommand = {
  name: 'tidy',
  register: (command, { stdout, stderr, signal }) =>
    command
      .summary('find files of a store that no row of its database tells of')
      .description(
        'Lists a store of `mesoscope serve` and `worker` and asks the database about each file. What a kill left between a ' +
          'file and its row is counted, and with --remove it goes. Servers and workers may run meanwhile. A server looks ' +
          'through the clips of a folder at each start; a bucket, and what tasks left, by this command alone.',
      )
      .option('--database <url>', 'postgres://… of the server; better set MESOSCOPE_DATABASE, which hides it')
      .option('--store <place>', "the server's store: s3://bucket/prefix, or its folder; or MESOSCOPE_STORE")
      .option('--older <hours>', 'leave alone what changed within so many hours', hours, 24)
      .option('--remove', 'remove them; without it they are only counted')
      .option('--json', 'the report as JSON')
      .option('--quiet', 'no progress; errors are still told')
      .action(async (options: Options) => {
        const { joinStore } = await import('../../server/storage/join-store.ts');
        const { tidy } = await import('../../server/storage/tidy.ts');
        const joined = await joinStore({
          database: options.database ?? process.env.MESOSCOPE_DATABASE,
          store: options.store ?? process.env.MESOSCOPE_STORE,
        });
        let told = performance.now();
        try {
          const report = await tidy(joined.database, joined.store, {
            olderHours: options.older,
            remove: options.remove === true,
            signal,
            onPage: ({ looked }) => {
              if (options.quiet || performance.now() - told < tellEvery) return;
              told = performance.now();
              stderr.write(`mesoscope: ${looked} files looked at\n`);
            },
          });
          stdout.write(
            options.json ? `${JSON.stringify(report)}\n` : words(report, joined.store.name, options),
          );
        } finally {
          await joined.database.close();
        }
      }),
};

function words({ looked, needless, young, strange }: TidyReport, store: string, options: Options): string {
  const table = new Table({ head: ['', 'files', 'MiB'], style: { head: [], border: [] } });
  for (const [kind, { files, bytes }] of Object.entries(needless)) {
    table.push([`${kind}/`, String(files), (bytes / 2 ** 20).toFixed(1)]);
  }
  const count = Object.values(needless).reduce((sum, { files }) => sum + files, 0);
  const what =
    count === 0
      ? 'none without a row'
      : options.remove
        ? `${count} without a row, removed:`
        : `${count} without a row (--remove removes them):`;
  const rest = [
    ...(young > 0 ? [`${young} changed within ${options.older} hours and stay`] : []),
    ...(strange > 0 ? [`${strange} have names that Mesoscope does not give and stay`] : []),
  ];
  const lines = [
    `${oneLine(store)}: ${looked} files, ${what}`,
    ...(count > 0 ? [table.toString()] : []),
    ...rest,
  ];
  return `${lines.join('\n')}\n`;
}

function hours(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value) || value < 0)
    throw new InvalidArgumentError('It must be a number of hours, 0 or more.');
  return value;
}
