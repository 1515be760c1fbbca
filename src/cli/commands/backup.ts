import { dirname, resolve } from 'node:path';
import type { CliCommand } from '../command.ts';
import { prepareFolder } from '../output.ts';
import { type Progress, startProgress } from '../progress.ts';

interface Options {
  data: string;
  output: string;
  quiet?: true;
}

export const backup: CliCommand = {
  name: 'backup',
  register: (command, context) =>
    command
      .summary('a server’s data folder as one file')
      .description(
        'Writes clips, results and the embedded database of `mesoscope serve` into one tar file, with the hash of each ' +
          'file. The server must be stopped: the folder is held for so long. A PostgreSQL server is backed up by its own ' +
          'means (pg_dump); of such a server’s folder the files alone are taken.',
      )
      .option('--data <folder>', 'the server’s folder', 'mesoscope-data')
      .requiredOption('-o, --output <file>', 'the backup to write (.tar)')
      .option('--quiet', 'no progress')
      .action(async ({ data, output, quiet }: Options) => {
        const { writeBackup } = await import('../../server/backup/write.ts');
        const target = resolve(output);
        await prepareFolder(dirname(target));
        let progress: Progress | undefined;
        try {
          const { files, database } = await writeBackup(resolve(data), target, {
            onFile: (done, all, path) => {
              progress ??= startProgress(context.stderr, all, quiet === true);
              progress.begin(done, path);
            },
            signal: context.signal,
          });
          progress?.stop();
          const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
          context.stdout.write(`${output}: ${files.length} files, ${(bytes / 2 ** 20).toFixed(1)} MiB\n`);
          if (database === 'server') {
            context.stderr.write(
              'mesoscope: the database is elsewhere: back it up with pg_dump at the same time\n',
            );
          }
        } finally {
          progress?.stop();
        }
      }),
};
