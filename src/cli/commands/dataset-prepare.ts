import { Option } from 'commander';
import { errors } from '../../base/errors.ts';
import type { SetSampling } from '../../data/prepare/sampling.ts';
import type { CropPolicy } from '../../faces/crop-policy.ts';
import type { CliCommand, CliContext } from '../command.ts';
import { showBuild, summariseBuild } from '../dataset-build.ts';
import {
  defaultWorkers,
  openNamedSource,
  parsedBy,
  type SourceFlags,
  sourceOptions,
  wholeNumber,
} from '../dataset-source.ts';
import { exitCodes } from '../io.ts';
import { joinAsSender, type QueueFlags, queueOptions } from '../queue.ts';

interface Options extends SourceFlags, QueueFlags {
  out: string;
  crop: string;
  sample: string;
  size: number;
  format: 'jpg' | 'png';
  quality: number;
  faces: 'main' | 'all';
  leastFace: number;
  workers: number;
  limit?: number;
  shardMegabytes: number;
  manifest: 'csv' | 'parquet';
  exclude?: string;
  split?: string;
  balanced?: true;
  seed: number;
  json?: true;
  quiet?: true;
}

export const datasetPrepare: CliCommand = {
  name: 'dataset prepare',
  register: (command, context) =>
    queueOptions(sourceOptions(command))
      .summary('videos to face crops in shards')
      .description(
        'Turns videos and pictures into a data set: sampled frames, faces followed and cut by a crop policy, masks ' +
          'where the original is there too, WebDataset shards, a manifest and a report. Killed anywhere, the same ' +
          'command goes on where it was.',
      )
      .argument('<source>', 'a folder, a CSV or a JSON file (docs/datasets.md)')
      .requiredOption('--out <folder>', 'the data set to write')
      .option('--crop <policy>', 'aligned:MARGIN, square:SCALE, landmark-centred:SCALE or JSON', 'square:1.3')
      .option(
        '--sample <policy>',
        'even:N, every:N, range:START+COUNT, fps:N, keyframes, changes:N (N of each camera and light)',
        'even:32',
      )
      .addOption(
        new Option('--size <pixels>', 'side of the crops').argParser(wholeNumber(16, 2048)).default(256),
      )
      .addOption(new Option('--format <name>', 'of the crops').choices(['jpg', 'png']).default('jpg'))
      .addOption(new Option('--quality <n>', 'of JPEG crops').argParser(wholeNumber(1, 100)).default(95))
      .addOption(
        new Option('--faces <which>', 'of a frame with several').choices(['main', 'all']).default('main'),
      )
      .addOption(
        new Option('--least-face <pixels>', 'narrower faces are left out')
          .argParser(wholeNumber(0, 4096))
          .default(40),
      )
      .addOption(
        new Option('--workers <n>', 'threads').argParser(wholeNumber(1, 256)).default(defaultWorkers),
      )
      .addOption(new Option('--limit <n>', 'about so many clips').argParser(wholeNumber(1, 1e9)))
      .addOption(
        new Option('--shard-megabytes <n>', 'size of a shard').argParser(wholeNumber(1, 65_536)).default(256),
      )
      .addOption(
        new Option('--manifest <format>', 'of the list of items').choices(['csv', 'parquet']).default('csv'),
      )
      .option('--exclude <file>', 'leave out what this list names (`dataset show` makes it)')
      .option(
        '--split <shares>',
        'sides by source before anything is decoded: TRAIN/VALIDATION/TEST, such as 0.8/0.1/0.1',
      )
      .option('--balanced', 'with --split: as many real as manipulated clips on each side')
      .addOption(new Option('--seed <n>', 'of --split').argParser(wholeNumber(0, 2 ** 31)).default(1))
      .option('--json', 'the report as JSON on stdout')
      .option('--quiet', 'no progress; errors are still told')
      .action(async (path: string, options: Options) => {
        const { parseCrop } = await import('../../data/prepare/crop-text.ts');
        const { parseSetSampling } = await import('../../data/prepare/sampling.ts');
        const crop: CropPolicy = parsedBy(parseCrop)(options.crop);
        const sampling: SetSampling = parsedBy(parseSetSampling)(options.sample);
        const { prepare } = await import('../../data/prepare/index.ts');
        const { readExclusions } = await import('../../data/exclusions.ts');
        const exclude = options.exclude === undefined ? undefined : await readExclusions(options.exclude);
        const split = options.split === undefined ? undefined : parsedBy(sharesOf)(options.split);
        if (options.balanced && !split) throw errors.USAGE('--balanced needs --split.');
        const source = await openNamedSource(path, options);
        const elsewhere =
          options.queue === undefined ? undefined : await byWorkers(context, options, options.queue);
        const display = showBuild(context, options.quiet === true);
        try {
          const report = await prepare(source, {
            out: options.out,
            crop,
            sampling,
            size: options.size,
            format: options.format,
            jpegQuality: options.quality,
            faces: options.faces,
            leastFace: options.leastFace,
            workers: options.workers,
            limit: options.limit,
            ...(split
              ? { split: { seed: options.seed, shares: split, balanced: options.balanced === true } }
              : {}),
            shardBytes: options.shardMegabytes * 2 ** 20,
            manifest: options.manifest,
            ...(exclude ? { exclude } : {}),
            ...(elsewhere ? { make: elsewhere.make } : {}),
            onBegin: display.onBegin,
            onUnit: display.onUnit,
            signal: context.signal,
          });
          display.stop();
          summariseBuild(context, report, options.out, options.json === true);
        } catch (thrown) {
          if (!elsewhere || !context.signal.aborted) throw thrown;
          display.stop();
          context.stderr.write(
            'mesoscope: what was sent stays in the queue; the same command finds what came of it\n',
          );
          context.exit(Number(context.signal.reason) || exitCodes.interrupted);
        } finally {
          display.stop();
          await elsewhere?.stop();
        }
      }),
};

/** How `prepare` has its parts made, and what ends that. */
async function byWorkers(context: CliContext, options: Options, queue: string) {
  const { preparedByWorkers } = await import('../../server/tasks/send-parts.ts');
  const { joined, sender } = await joinAsSender(context, 'prepare', { ...options, queue });
  return {
    make: preparedByWorkers(joined, { sender, signal: context.signal }),
    stop: () => joined.stop(),
  };
}

/** @throws USAGE */
function sharesOf(text: string): { train: number; validation: number; test: number } {
  const [train, validation, test, ...more] = text.split('/').map(Number);
  const shares = [train, validation, test];
  const good = shares.every((share) => share >= 0 && share <= 1) && train + validation + test <= 1 + 1e-9;
  if (!good || more.length > 0) {
    throw errors.USAGE(`"${text}" are no three shares of together at most 1, such as 0.8/0.1/0.1.`);
  }
  return { train, validation, test };
}
