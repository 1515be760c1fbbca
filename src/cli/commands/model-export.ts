import { basename, dirname, resolve } from 'node:path';
import { Option } from 'commander';
import type { CliCommand } from '../command.ts';
import { prepareFolder, writeWhole } from '../output.ts';

interface Options {
  output: string;
  checkpoint: 'newest' | 'best';
}

export const modelExport: CliCommand = {
  name: 'model export',
  register: (command, context) =>
    command
      .summary('make a detector from a checkpoint of a run')
      .description(
        'Writes the detector of a run that has not ended yet, or of its newest weights where its own detector is made of ' +
          'the best ones. Validates them first: the contract says how good they are.',
      )
      .argument('<run>', 'the run’s folder')
      .requiredOption('-o, --output <file>', 'the detector to write (.onnx)')
      .addOption(
        new Option('--checkpoint <which>', 'the newest, or the best by the recipe’s metric')
          .choices(['newest', 'best'])
          .default('newest'),
      )
      .action(async (run: string, { output, checkpoint }: Options) => {
        const { exportRun } = await import('../../train/export-run.ts');
        const { bytes, steps, validation } = await exportRun(resolve(run), checkpoint);
        const target = resolve(output);
        await prepareFolder(dirname(target));
        await writeWhole(dirname(target), { [basename(target)]: bytes });
        const figures = Object.entries(validation).map(([name, value]) => `${name} ${value.toFixed(3)}`);
        context.stdout.write(`${output}: ${steps} steps; validation ${figures.join(', ')}\n`);
      }),
};
