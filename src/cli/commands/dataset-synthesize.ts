import { Option } from 'commander';
import { errors } from '../../base/errors.ts';
import type { CliCommand } from '../command.ts';
import { showBuild, summariseBuild } from '../dataset-build.ts';
import {
  defaultWorkers,
  openNamedSource,
  parsedBy,
  type SourceFlags,
  sourceOptions,
  wholeNumber,
} from '../dataset-source.ts';
import { readNamedSide, type SideFlags, sideOptions } from '../split-side.ts';

interface Options extends SourceFlags, SideFlags {
  out: string;
  mix?: string;
  perImage: number;
  seed: number;
  scale?: string;
  size: number;
  format: 'jpg' | 'png';
  quality: number;
  post: boolean;
  grain?: number;
  workers: number;
  limit?: number;
  manifest: 'csv' | 'parquet';
  exclude?: string;
  json?: true;
  quiet?: true;
}

export const datasetSynthesize: CliCommand = {
  name: 'dataset synthesize',
  register: (command, context) =>
    sideOptions(sourceOptions(command))
      .summary('forgeries with masks from pictures of real faces')
      .description(
        'Makes pairs of a real face and a forgery of it, with masks: self-blends, face blends and swaps, textures of ' +
          'auto-encoders, changed expressions, mouths, and altered pictures that are no forgeries. The same seed gives ' +
          'the same set, on any number of threads. Landmarks are found where the set has none.',
      )
      .argument('<set>', 'a prepared set, or any source of pictures')
      .requiredOption('--out <folder>', 'the data set to write')
      .option('--mix <kinds>', 'KIND=WEIGHT,…, such as self-blend=3,face-swap=1 (default: all kinds)')
      .addOption(
        new Option('--per-image <n>', 'pairs of each picture').argParser(wholeNumber(1, 100)).default(1),
      )
      .addOption(
        new Option('--seed <n>', 'of all that is random').argParser(wholeNumber(0, 2 ** 31)).default(1),
      )
      .option(
        '--scale <factor>',
        'cut both to a square, so many times the box of the landmarks; all of it where left out',
      )
      .addOption(
        new Option('--size <pixels>', 'side of that square').argParser(wholeNumber(16, 2048)).default(256),
      )
      .addOption(new Option('--format <name>', 'of the pictures').choices(['jpg', 'png']).default('jpg'))
      .addOption(new Option('--quality <n>', 'of JPEG pictures').argParser(wholeNumber(1, 100)).default(95))
      .option('--no-post', 'without the colour changes and the JPEG that both sides of a pair get: easier')
      .addOption(
        new Option(
          '--grain <levels>',
          'noise on every source picture first, as of a sensor: its deviation',
        ).argParser(wholeNumber(1, 64)),
      )
      .addOption(
        new Option('--workers <n>', 'threads').argParser(wholeNumber(1, 256)).default(defaultWorkers),
      )
      .addOption(new Option('--limit <n>', 'only the first so many pictures').argParser(wholeNumber(1, 1e9)))
      .addOption(
        new Option('--manifest <format>', 'of the list of items').choices(['csv', 'parquet']).default('csv'),
      )
      .option('--exclude <file>', 'leave out what this list names (`dataset show` makes it)')
      .option('--json', 'the report as JSON on stdout')
      .option('--quiet', 'no progress; errors are still told')
      .action(async (path: string, options: Options) => {
        const { defaultMix, parseMix, synthesize } = await import('../../data/synthesize/index.ts');
        const { readExclusions } = await import('../../data/exclusions.ts');
        const mix = options.mix === undefined ? defaultMix : parsedBy(parseMix)(options.mix);
        const scale = options.scale === undefined ? undefined : Number(options.scale);
        if (scale !== undefined && !(scale >= 0.5 && scale <= 4)) {
          throw errors.USAGE(`--scale ${options.scale} is no number from 0.5 to 4.`);
        }
        const exclude = options.exclude === undefined ? undefined : await readExclusions(options.exclude);
        const whole = await openNamedSource(path, options);
        const side = await readNamedSide(path, options);
        const files = side && new Set(side.items.map(({ file }) => file));
        // What is made keeps its side, so that it can be joined with sets of the other sides.
        const split = options.side;
        const kept = whole.items.filter(({ file }) => files?.has(file)).map((item) => ({ ...item, split }));
        const source = files ? { ...whole, items: kept } : whole;
        const display = showBuild(context, options.quiet === true);
        try {
          const report = await synthesize(source, {
            out: options.out,
            mix,
            perImage: options.perImage,
            seed: options.seed,
            crop: scale === undefined ? undefined : { scale, size: options.size },
            format: options.format,
            jpegQuality: options.quality,
            workers: options.workers,
            limit: options.limit,
            ...(options.post ? {} : { post: false }),
            ...(options.grain === undefined ? {} : { grain: options.grain }),
            manifest: options.manifest,
            ...(exclude ? { exclude } : {}),
            onBegin: display.onBegin,
            onUnit: display.onUnit,
            signal: context.signal,
          });
          display.stop();
          summariseBuild(context, report, options.out, options.json === true);
        } finally {
          display.stop();
        }
      }),
};
