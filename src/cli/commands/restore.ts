import { resolve } from 'node:path';
import type { CliCommand } from '../command.ts';

interface Options {
  data: string;
}

export const restore: CliCommand = {
  name: 'restore',
  register: (command, context) =>
    command
      .summary('a data folder from a backup')
      .description(
        'Unpacks what `mesoscope backup` wrote into a new folder, checks every hash, starts the database once and ' +
          'brings it up to this version. Nothing is left where anything is wrong.',
      )
      .argument('<backup>', 'the file that `mesoscope backup` wrote')
      .option('--data <folder>', 'the folder to make; it must be empty or not exist', 'mesoscope-data')
      .action(async (file: string, { data }: Options) => {
        const { restoreBackup } = await import('../../server/backup/restore.ts');
        const { manifest, clips, migrations } = await restoreBackup(
          resolve(file),
          resolve(data),
          context.signal,
        );
        const what = clips === undefined ? 'files alone' : `${clips} clips`;
        context.stdout.write(
          `${data}: ${what} of ${manifest.madeAt}, written by Mesoscope ${manifest.version}\n`,
        );
        if (migrations.length > 0) context.stdout.write(`The database was brought up to this version.\n`);
        context.stdout.write(`Start it with \`mesoscope serve --data ${data}\`.\n`);
      }),
};
