import { errors } from '../../base/errors.ts';
import type { Compressed } from '../../data/compress/index.ts';
import { bytes as formatBytes } from '../../report/format.ts';
import type { CliCommand } from '../command.ts';
import {
  openNamedSource,
  parsedBy,
  type SourceFlags,
  sourceOptions,
  wholeNumber,
} from '../dataset-source.ts';
import { exitCodes, oneLine } from '../io.ts';
import { prepareFolder } from '../output.ts';
import { startProgress } from '../progress.ts';

interface Options extends SourceFlags {
  out: string;
  crf: string;
  limit?: string;
  json?: true;
  quiet?: true;
}

export const datasetCompress: CliCommand = {
  name: 'dataset compress',
  register: (command, context) =>
    sourceOptions(command)
      .summary('the same clips at several qualities of H.264')
      .description(
        'Encodes videos, and pictures as videos of one frame, with x264 at constant quality and the source’s frame ' +
          'rate: 0 (lossless), 23 and 40 as in FaceForensics++. Reports sizes and bit rates.',
      )
      .argument('<source>', 'a folder, a CSV or a JSON file (docs/datasets.md)')
      .requiredOption('--out <folder>', 'where crf0/, crf23/ … are written')
      .option('--crf <list>', 'qualities, 0 to 51', '0,23,40')
      .option('--limit <n>', 'only the first so many clips')
      .option('--json', 'the report as JSON on stdout')
      .option('--quiet', 'no progress; errors are still told')
      .action(async (path: string, options: Options) => {
        const { compress } = await import('../../data/compress/index.ts');
        const crf = parsedBy(crfList)(options.crf);
        const limit = options.limit === undefined ? undefined : wholeNumber(1, 1e9)(options.limit);
        const source = await openNamedSource(path, options);
        await prepareFolder(options.out);
        const total = Math.min(limit ?? Number.POSITIVE_INFINITY, source.items.length) * crf.length;
        const progress = startProgress(context.stderr, total, options.quiet === true);
        try {
          const report = await compress(source, {
            out: options.out,
            crf,
            limit,
            signal: context.signal,
            onItem: (name, done) => {
              if (done > 0) progress.end();
              progress.begin(done, name);
            },
          });
          progress.stop();
          const { files, failures } = report;
          const lines = [
            ...crf.map((quality) => summary(quality, files)),
            ...failures.map(({ file, reason }) => `failed: ${file}: ${reason}`),
          ];
          context.stdout.write(
            options.json ? `${JSON.stringify(report)}\n` : `${lines.map(oneLine).join('\n')}\n`,
          );
          if (failures.length > 0) context.exit(exitCodes.failed);
        } finally {
          progress.stop();
        }
      }),
};

function summary(quality: number, files: readonly Compressed[]): string {
  const own = files.filter(({ crf }) => crf === quality);
  const sum = (of: (file: Compressed) => number) => own.reduce((total, file) => total + of(file), 0);
  const rates = own.flatMap(({ bitRate }) => bitRate ?? []).sort((a, b) => a - b);
  const rate = rates.length > 0 ? `, median ${Math.round(rates[rates.length >> 1] / 1000)} kbit/s` : '';
  return `CRF ${quality}: ${own.length} files, ${formatBytes(sum((file) => file.bytes))} (sources ${formatBytes(sum((file) => file.sourceBytes))})${rate}`;
}

function crfList(text: string): number[] {
  const values = text.split(',').map((part) => (/^\d+$/.test(part) ? Number(part) : Number.NaN));
  if (values.some((value) => !(value >= 0 && value <= 51)) || new Set(values).size !== values.length) {
    throw errors.USAGE(`"${text}" is no list of qualities from 0 to 51.`);
  }
  return values;
}
