import { basename, dirname, resolve } from 'node:path';
import { parseCrop } from '../../data/prepare/crop-text.ts';
import type { CliCommand } from '../command.ts';
import { prepareFolder, writeWhole } from '../output.ts';

interface Options {
  network: string;
  output: string;
  name?: string;
  crop?: string;
}

export const modelImport: CliCommand = {
  name: 'model import',
  register: (command, context) =>
    command
      .summary('make a detector from Keras weights (HDF5)')
      .description(
        'Turns a Keras weight file, such as the ones that the MesoNet authors released, into a detector. Their ' +
          'sigmoid means “real”; the detector’s score is the probability of “manipulated”.',
      )
      .argument('<weights.h5>', 'an HDF5 file that Keras’ save_weights wrote')
      .requiredOption('--network <name>', 'the network that the weights belong to, such as meso4')
      .requiredOption('-o, --output <file>', 'the detector to write (.onnx)')
      .option('--name <name>', 'the detector’s name; made from the file’s where left out')
      .option(
        '--crop <policy>',
        'the crop policy: aligned:MARGIN, square:SCALE, landmark-centred:SCALE or JSON',
      )
      .action(async (weights: string, { network, output, name, crop }: Options) => {
        const { importKeras } = await import('../../detect/import-keras.ts');
        const { bytes, contract } = await importKeras(weights, network, {
          ...(name === undefined ? {} : { name }),
          ...(crop === undefined ? {} : { crop: parseCrop(crop) }),
        });
        const target = resolve(output);
        await prepareFolder(dirname(target));
        await writeWhole(dirname(target), { [basename(target)]: bytes });
        context.stderr.write(
          `${output}: ${contract.name}, ${bytes.length} bytes. Its scores are not calibrated.\n`,
        );
      }),
};
