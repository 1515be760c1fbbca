import { mkdir } from 'node:fs/promises';
import { resolve } from 'node:path';
import { version } from '../../base/version.ts';
import { detectorPath } from '../../detect/bundled.ts';
import type { Detector } from '../../detect/detector.ts';
import type { ConditionName } from '../../experiments/conditions.ts';
import type { Evaluation } from '../../experiments/evaluate.ts';
import type { Figures } from '../../experiments/figures.ts';
import type { CliCommand, CliContext } from '../command.ts';
import { defaultWorkers, wholeNumber } from '../dataset-source.ts';
import {
  conditionsOption,
  cropMismatch,
  type Faces,
  type FacesFlags,
  facesOptions,
  openFaces,
} from '../faces-source.ts';
import { oneLine } from '../io.ts';
import { prepareFolder, writeWhole } from '../output.ts';
import { startProgress } from '../progress.ts';
import { quote } from '../replay.ts';
import { figureTable } from '../table.ts';

interface Options extends FacesFlags {
  detector: string[];
  conditions: ConditionName[];
  out?: string;
  json?: true;
  quiet?: true;
}

export const evaluateCommand: CliCommand = {
  name: 'evaluate',
  register: (command, context) =>
    facesOptions(command)
      .summary('measure detectors on a data set of faces')
      .description(
        'Scores every face of a set and says how well the scores tell real from manipulated: by picture and by ' +
          'video, by method, by quality, with intervals over sources. Several detectors are compared on the same faces.',
      )
      .option(
        '--detector <file|name>',
        'a detector; name it again for the next',
        (value: string, before: string[] | undefined) => [...(before ?? []), value],
      )
      .addOption(conditionsOption(['as-is']))
      .option('--limit <n>', 'the first so many items', wholeNumber(1, 1e9))
      .option('--out <folder>', 'write evaluation.json and evaluation.html there')
      .option('--json', 'the record as JSON on stdout')
      .option('--quiet', 'no progress')
      .action(async (options: Options) => {
        const paths = (options.detector ?? [undefined]).map((name) => detectorPath(name));
        const faces = await openFaces(options);
        if (options.out !== undefined) await prepareFolder(resolve(options.out));
        const { loadDetector } = await import('../../detect/detector.ts');
        const { conditions } = await import('../../experiments/conditions.ts');
        const { evaluate } = await import('../../experiments/evaluate.ts');
        const detectors: Detector[] = [];
        const total = paths.length * options.conditions.length;
        const progress = startProgress(context.stderr, total, options.quiet === true);
        try {
          for (const path of paths) {
            const detector = await loadDetector(path);
            detectors.push(detector);
            const mismatch = await cropMismatch(options.data, detector.contract);
            if (mismatch) progress.note(`mesoscope: ${oneLine(`${options.data}: ${mismatch}`)}`);
          }
          let [step, last] = [-1, ''];
          const evaluation = await evaluate(detectors, {
            ...faces,
            protocol: faces.words,
            conditions: options.conditions.map((name) => conditions[name]),
            workers: defaultWorkers,
            signal: context.signal,
            onProgress: (name, condition, done, of) => {
              const title = `${name}, ${condition.words}`;
              if (title !== last) progress.begin(++step, title);
              last = title;
              progress.update({ stage: 'frames', done, total: of });
            },
          });
          progress.stop();
          const skipped = evaluation.detectors[0].conditions[0].skipped.length + faces.dropped;
          if (skipped > 0)
            context.stderr.write(`mesoscope: ${skipped} items have no score, and none was made up\n`);
          if (options.out !== undefined) await write(evaluation, faces, options, detectors[0]);
          context.stdout.write(options.json ? `${JSON.stringify(evaluation)}\n` : words(evaluation, context));
        } finally {
          progress.stop();
          for (const detector of detectors) await detector.close();
        }
      }),
};

async function write(
  evaluation: Evaluation,
  faces: Faces,
  options: Options,
  detector: Detector,
): Promise<void> {
  const { evaluationPage } = await import('../../report/evaluation.ts');
  const { worstMistakes } = await import('../mistakes.ts');
  const [{ scores }] = evaluation.detectors[0].conditions;
  const mistakes = await worstMistakes(scores, faces, detector.contract.input);
  const html = evaluationPage({ evaluation, replay: replay(options), createdAt: new Date(), mistakes });
  const folder = resolve(options.out as string);
  await mkdir(folder, { recursive: true });
  await writeWhole(folder, {
    'evaluation.json': `${JSON.stringify(evaluation)}\n`,
    'evaluation.html': html,
  });
}

function replay({ detector = [], data, splitOf, side, conditions, limit, out }: Options): string {
  const split = splitOf === undefined ? [] : ['--split-of', splitOf, '--side', side];
  const words = [
    ...['npx', `mesoscope@${version}`, 'evaluate', '--data', data],
    ...detector.flatMap((name) => ['--detector', name]),
    ...split,
    ...['--conditions', conditions.join(',')],
    ...(limit === undefined ? [] : ['--limit', String(limit)]),
    ...['--out', out ?? ''],
  ];
  return words.map(quote).join(' ');
}

function words({ detectors, protocol, comparisons }: Evaluation, { colour }: CliContext): string {
  const head = [
    'detector',
    'quality',
    'videos',
    'AUC',
    'interval',
    'EER',
    'accuracy',
    'log loss',
    'ECE',
    'map IoU',
  ];
  const rows = detectors.flatMap(({ name, conditions }) =>
    conditions.flatMap(({ words: quality, videos, map, methods }) => [
      row(name, quality, videos, map?.meanIou),
      ...(Object.keys(methods).length > 1
        ? Object.entries(methods).map(([method, figures]) => row('', `  ${method}`, figures))
        : []),
    ]),
  );
  const lines = [
    protocol,
    figureTable(head, rows, colour),
    ...comparisons.map(
      ({ first, second, condition, auc }) =>
        `${first} - ${second}, ${condition}: AUC ${auc.value.toFixed(3)} [${auc.low.toFixed(3)}, ${auc.high.toFixed(3)}], p ${auc.p.toFixed(3)}`,
    ),
  ];
  return `${lines.join('\n')}\n`;
}

function row(name: string, quality: string, figures: Figures, iou?: number): string[] {
  const text = (value: number | undefined) => (value === undefined ? '–' : value.toFixed(3));
  const { auc } = figures;
  return [
    name,
    quality,
    String(figures.items),
    text(auc?.value),
    auc ? `${auc.low.toFixed(3)}–${auc.high.toFixed(3)}` : '–',
    text(figures.equalErrorRate),
    text(figures.accuracy),
    text(figures.logLoss),
    text(figures.calibrationError),
    text(iou),
  ];
}
