import { readFile } from 'node:fs/promises';
import { basename, dirname, resolve } from 'node:path';
import { Option } from 'commander';
import { errors } from '../../base/errors.ts';
import { version } from '../../base/version.ts';
import { detectorPath } from '../../detect/bundled.ts';
import { quote } from '../../report/replay.ts';
import type { CliCommand } from '../command.ts';
import { wholeNumber } from '../dataset-source.ts';
import { type FacesFlags, facesOptions, openFaces } from '../faces-source.ts';
import { prepareFolder, writeWhole } from '../output.ts';
import { startProgress } from '../progress.ts';

interface Options extends FacesFlags {
  out: string;
  layer?: string;
  faces: number;
  average: number;
  filters: number;
  seed: number;
  quiet?: true;
}

export const explainCommand: CliCommand = {
  name: 'explain',
  register: (command, context) =>
    facesOptions(command)
      .summary('show what a detector looks at')
      .description(
        'Writes a gallery: Grad-CAM, gradients and covered parts over faces; pictures that excite a layer’s filters most; ' +
          'their mean output over real and over manipulated faces; and the first kernels.',
      )
      .argument('[file|name]', 'the detector; the default one where left out')
      .option('--out <file>', 'the page to write', 'explanation.html')
      .option('--layer <path>', 'the layer to look at (default: the last)')
      .addOption(new Option('--faces <n>', 'faces shown').argParser(wholeNumber(2, 200)).default(8))
      .addOption(
        new Option('--average <n>', 'faces that means are taken over')
          .argParser(wholeNumber(2, 10_000))
          .default(200),
      )
      .addOption(new Option('--filters <n>', 'filters shown').argParser(wholeNumber(1, 1000)).default(8))
      .addOption(
        new Option('--seed <n>', 'of all that is random').argParser(wholeNumber(0, 2 ** 31)).default(1),
      )
      .option('--quiet', 'no progress')
      .action(async (file: string | undefined, options: Options) => {
        const path = detectorPath(file);
        const faces = await openFaces(options);
        const labels = new Set(faces.items.map(({ label }) => label));
        if (labels.size < 2)
          throw errors.DATA_EMPTY(options.data, 'both real and manipulated faces are wanted');
        const { loadDetector } = await import('../../detect/detector.ts');
        const { buildSubject } = await import('../../explain/subject.ts');
        const { explainDetector } = await import('../explanation.ts');
        const { explanationPage } = await import('../../report/explanations.ts');
        const detector = await loadDetector(path);
        const progress = startProgress(context.stderr, 2, options.quiet === true);
        try {
          const bytes = await readFile(path);
          const { name, network, input } = detector.contract;
          const { layers } = buildSubject({ bytes, network, ...input }, 1);
          if (options.layer !== undefined && !layers.some((one) => one.path === options.layer)) {
            const known = layers.map((one) => one.path).join(', ');
            throw errors.USAGE(`--layer ${options.layer}: ${name} has ${known}.`);
          }
          let last = '';
          const explained = await explainDetector(detector, bytes, faces, {
            shown: options.faces,
            averaged: Math.max(options.average, options.faces),
            filters: options.filters,
            ...(options.layer === undefined ? {} : { layer: options.layer }),
            seed: options.seed,
            signal: context.signal,
            onStep: (what, done, total) => {
              if (what !== last) progress.begin(what === 'faces' ? 0 : 1, what);
              last = what;
              progress.update({ stage: 'frames', done, total });
            },
          });
          progress.stop();
          const words = [
            ...['npx', `mesoscope@${version}`, 'explain', file ?? name, '--data', options.data],
            ...(options.splitOf === undefined ? [] : ['--split-of', options.splitOf, '--side', options.side]),
            ...['--layer', explained.layer, '--faces', `${options.faces}`, '--average', `${options.average}`],
            ...['--filters', `${options.filters}`, '--seed', `${options.seed}`, '--out', options.out],
          ];
          const html = await explanationPage({
            ...explained,
            detector: { name, sha256: detector.sha256 },
            protocol: faces.words,
            replay: words.map(quote).join(' '),
            createdAt: new Date(),
          });
          const target = resolve(options.out);
          await prepareFolder(dirname(target));
          await writeWhole(dirname(target), { [basename(target)]: html });
          context.stdout.write(
            `${options.out}: ${explained.faces.length} faces, ${explained.filters.length} filters\n`,
          );
        } finally {
          progress.stop();
          await detector.close();
        }
      }),
};
