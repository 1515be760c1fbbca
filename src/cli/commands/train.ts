import { Option } from 'commander';
import { errors } from '../../base/errors.ts';
import type { Device } from '../../runtime/devices.ts';
import type { CliCommand } from '../command.ts';
import { exitCodes } from '../io.ts';
import { startTrainingProgress } from '../training-progress.ts';
import { deviceNames } from './scan.ts';

interface Options {
  resume?: string;
  out?: string;
  data?: string;
  device?: Device;
  threads?: string;
  json?: true;
  quiet?: true;
}

export const train: CliCommand = {
  name: 'train',
  register: (command, context) =>
    command
      .summary('train a detector by a recipe')
      .description(
        'Trains a detector by a recipe (recipes/*.json, recipes/recipe.schema.json) into a run: a folder with the ' +
          'recipe, figures as JSON Lines, checkpoints and, at the end, the detector. Ctrl-C leaves a checkpoint; ' +
          '--resume continues after it, or after a kill, to the same weights as without.',
      )
      .argument('[recipe]', 'the recipe; none with --resume')
      .option('--resume <run>', 'continue the run in this folder')
      .option('--out <folder>', 'the run’s folder (default: runs/NAME of the recipe)')
      .option('--data <file>', 'the data set, in place of the recipe’s')
      .addOption(new Option('--device <device>', 'in place of the recipe’s').choices(deviceNames))
      .option('--threads <n>', 'threads of the engine, in place of the recipe’s')
      .option('--json', 'one JSON line an event on stdout')
      .option('--quiet', 'no progress; errors are still told')
      .action(async (recipePath: string | undefined, options: Options) => {
        const { continueRun, startRun } = await import('../../train/run.ts');
        const { readRecipe } = await import('../../train/recipe.ts');
        const { device, data, out, resume } = options;
        const threads = options.threads === undefined ? undefined : wholeThreads(options.threads);
        if ((recipePath === undefined) === (resume === undefined)) {
          throw errors.USAGE('Name either a recipe or, with --resume, a run.');
        }
        if (resume !== undefined && [out, data, device, threads].some((value) => value !== undefined)) {
          // Another thread count or device rounds differently: the weights would not be the unbroken run's.
          throw errors.USAGE(
            'A run is resumed as it was started: without --out, --data, --device and --threads.',
          );
        }
        const progress = startTrainingProgress(context.stderr, options.quiet === true);
        const onEvent = (event: Parameters<typeof progress.show>[0]) => {
          if (options.json) context.stdout.write(`${JSON.stringify(event)}\n`);
          progress.show(event);
        };
        try {
          const shared = { onEvent, signal: context.signal };
          const summary =
            recipePath === undefined
              ? await continueRun({ folder: resume as string, ...shared })
              : await readRecipe(recipePath, { data, device, threads }).then((recipe) =>
                  startRun(recipe, { folder: out ?? `runs/${recipe.name}`, ...shared }),
                );
          progress.stop();
          if (options.json) context.stdout.write(`${JSON.stringify({ kind: 'summary', ...summary })}\n`);
          if (!options.quiet) progress.summarise(summary);
          if (summary.status === 'interrupted') context.exit(exitCodes.interrupted);
        } finally {
          progress.stop();
        }
      }),
};

/** @throws USAGE */
function wholeThreads(text: string): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < 1 || value > 256) {
    throw errors.USAGE(`--threads ${text} is no whole number from 1 to 256.`);
  }
  return value;
}
