import { readFile } from 'node:fs/promises';
import { basename, dirname, resolve } from 'node:path';
import { errors } from '../../base/errors.ts';
import { detectorPath } from '../../detect/bundled.ts';
import type { CliCommand } from '../command.ts';
import { prepareFolder, writeWhole } from '../output.ts';

interface Options {
  output: string;
  name: string;
  parts?: string;
}

export const modelAverage: CliCommand = {
  name: 'model average',
  register: (command, context) =>
    command
      .summary('one detector from several of the same network, by averaging their weights')
      .description(
        'Averages the weights of detectors that were trained on from one another: what lies between often knows both tasks. ' +
          'The result is not calibrated; see `model calibrate`.',
      )
      .argument('<files...>', 'detectors of one network')
      .requiredOption('-o, --output <file>', 'the detector to write (.onnx)')
      .requiredOption('--name <name>', 'its name')
      .option('--parts <numbers>', 'how much of each, such as 1,2 (default: alike)')
      .action(async (files: string[], { output, name, parts }: Options) => {
        const { averageDetectors } = await import('../../detect/average.ts');
        const shares = parts?.split(',').map(Number) ?? files.map(() => 1);
        if (shares.length !== files.length || shares.some((share) => !(share > 0))) {
          throw errors.USAGE(`--parts ${parts}: ${files.length} positive numbers are wanted, with commas.`);
        }
        const ingredients = await Promise.all(
          files.map(async (file, i) => {
            const path = detectorPath(file);
            return { path, bytes: await readFile(path), part: shares[i] };
          }),
        );
        const { bytes } = await averageDetectors(ingredients, name);
        const target = resolve(output);
        await prepareFolder(dirname(target));
        await writeWhole(dirname(target), { [basename(target)]: bytes });
        context.stdout.write(
          `${output}: ${files.length} detectors averaged. Its scores are not calibrated.\n`,
        );
      }),
};
