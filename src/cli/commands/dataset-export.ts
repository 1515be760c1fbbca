import type { CliCommand } from '../command.ts';
import { openNamedSource, type SourceFlags, sourceOptions } from '../dataset-source.ts';
import { exitCodes, oneLine } from '../io.ts';
import { prepareFolder, safeName } from '../output.ts';

interface Options extends SourceFlags {
  out: string;
  name: string;
}

export const datasetExport: CliCommand = {
  name: 'dataset export',
  register: (command, context) =>
    sourceOptions(command)
      .summary('a set as plain files with DeepfakeBench’s JSON')
      .description(
        'Copies the pictures and masks out of the shards and lists them in a JSON that DeepfakeBench reads.',
      )
      .argument('<set>', 'a prepared set, or any source of pictures')
      .requiredOption('--out <folder>', 'where frames/, masks/ and NAME.json are written')
      .option('--name <name>', 'what the JSON calls the set', 'Mesoscope')
      .action(async (path: string, options: Options) => {
        const { exportDeepfakeBench } = await import('../../data/export.ts');
        const source = await openNamedSource(path, options);
        await prepareFolder(options.out);
        const { items, json, failures } = await exportDeepfakeBench(
          source,
          safeName(options.name),
          options.out,
        );
        context.stdout.write(`${options.out}/${json}: ${items} pictures\n`);
        for (const { file, reason } of failures)
          context.stderr.write(`mesoscope: ${oneLine(file)}: ${oneLine(reason)}\n`);
        if (failures.length > 0) context.exit(exitCodes.failed);
      }),
};
