import { resolve } from 'node:path';
import { Option } from 'commander';
import { errors } from '../../base/errors.ts';
import { isPictureName } from '../../data/prepare/picture-names.ts';
import { detectorPath } from '../../detect/bundled.ts';
import type { Detector } from '../../detect/detector.ts';
import type { FileScanner } from '../../detect/scanner.ts';
import type { ConditionName } from '../../experiments/conditions.ts';
import type { Evaluation } from '../../experiments/evaluate.ts';
import type { ScoredClip } from '../../experiments/score-clips.ts';
import { parseSampling, type Sampling } from '../../media/sampling.ts';
import type { EvaluationPage } from '../../report/evaluation.ts';
import type { CliCommand, CliContext } from '../command.ts';
import { defaultWorkers, parsedBy, wholeNumber } from '../dataset-source.ts';
import { evaluationInWords, writeEvaluation } from '../evaluation-output.ts';
import {
  conditionsOption,
  cropMismatch,
  type Faces,
  type FacesFlags,
  facesOptions,
  openFaces,
} from '../faces-source.ts';
import { oneLine } from '../io.ts';
import { prepareFolder } from '../output.ts';
import { type Progress, startProgress } from '../progress.ts';

interface Options extends FacesFlags {
  detector?: string[];
  compare?: string[];
  conditions: ConditionName[];
  sample?: Sampling;
  out?: string;
  json?: true;
  quiet?: true;
}

interface Evaluated {
  evaluation: Evaluation;
  mistakes: EvaluationPage['mistakes'];
}

export const evaluateCommand: CliCommand = {
  name: 'evaluate',
  register: (command, context) =>
    facesOptions(command)
      .summary('measure detectors on a data set')
      .description(
        'Scores every face of a set, or every clip, and says how well the scores tell real from manipulated: by ' +
          'picture and by video, by method, by quality, with intervals over sources. Several detectors are compared ' +
          'on the same items.',
      )
      .option(
        '--detector <file|name>',
        'a detector; name it again for the next',
        (value: string, before: string[] | undefined) => [...(before ?? []), value],
      )
      .option('--compare <files...>', 'the same as naming each with --detector')
      .addOption(conditionsOption(['as-is']))
      .addOption(
        new Option('--sample <policy>', 'of clips: even:N, fps:N, every:N, range:START+COUNT or keyframes')
          .argParser(parsedBy(parseSampling))
          .default(undefined, 'even:32'),
      )
      .addOption(new Option('--limit <n>', 'the first so many items').argParser(wholeNumber(1, 1e9)))
      .option('--out <folder>', 'write evaluation.json and evaluation.html there')
      .option('--json', 'the record as JSON on stdout')
      .option('--quiet', 'no progress')
      .action(async (options: Options) => {
        const named = [...(options.detector ?? []), ...(options.compare ?? [])];
        const paths = (named.length > 0 ? named : [undefined]).map((name) => detectorPath(name));
        const faces = await openFaces(options);
        const pictures = faces.items.filter(({ file }) => isPictureName(file)).length;
        if (pictures > 0 && pictures < faces.items.length) {
          throw errors.USAGE(`${options.data} holds clips and cut faces: evaluate them one after the other.`);
        }
        if (pictures === 0 && options.conditions.join() !== 'as-is') {
          throw errors.USAGE(
            '--conditions are for cut faces: make other qualities of clips with `mesoscope dataset compress`.',
          );
        }
        const { out } = options;
        if (out !== undefined) await prepareFolder(resolve(out));
        const steps = paths.length * options.conditions.length;
        const progress = startProgress(context.stderr, steps, options.quiet === true);
        try {
          const work = pictures === 0 ? ofClips : ofFaces;
          const { evaluation, mistakes } = await work(paths, faces, options, context, progress);
          progress.stop();
          if (out !== undefined) await writeEvaluation(evaluation, { ...options, out }, mistakes);
          context.stdout.write(
            options.json ? `${JSON.stringify(evaluation)}\n` : evaluationInWords(evaluation, context.colour),
          );
        } finally {
          progress.stop();
        }
      }),
};

async function ofFaces(
  paths: readonly string[],
  faces: Faces,
  options: Options,
  { signal }: CliContext,
  progress: Progress,
): Promise<Evaluated> {
  const { loadDetector } = await import('../../detect/detector.ts');
  const { conditions } = await import('../../experiments/conditions.ts');
  const { evaluate } = await import('../../experiments/evaluate.ts');
  const { worstMistakes } = await import('../mistakes.ts');
  const detectors: Detector[] = [];
  try {
    for (const path of paths) {
      const detector = await loadDetector(path);
      detectors.push(detector);
      const mismatch = await cropMismatch(options.data, detector.contract);
      if (mismatch) progress.note(`mesoscope: ${oneLine(`${options.data}: ${mismatch}`)}`);
    }
    const evaluation = await evaluate(detectors, {
      ...faces,
      protocol: faces.words,
      conditions: options.conditions.map((name) => conditions[name]),
      workers: defaultWorkers,
      signal,
      onProgress: follow(progress, (name, words) => `${name}, ${words}`),
    });
    const [{ conditions: results }] = evaluation.detectors;
    const missing = results[0].skipped.length + faces.dropped;
    if (missing > 0) progress.note(`mesoscope: ${missing} items have no score, and none was made up`);
    const mistakes =
      options.out === undefined ? none : await worstMistakes(results[0].scores, faces, detectors[0]);
    return { evaluation, mistakes };
  } finally {
    for (const detector of detectors) await detector.close();
  }
}

/** Clips are scanned as `mesoscope scan` does. */
async function ofClips(
  paths: readonly string[],
  faces: Faces,
  { sample, out, data }: Options,
  { signal, openScanner }: CliContext,
  progress: Progress,
): Promise<Evaluated> {
  const { evaluateClips } = await import('../../experiments/evaluate.ts');
  const { mostMistakes, worstClips } = await import('../mistakes.ts');
  const scanners: FileScanner[] = [];
  let worst: readonly ScoredClip[] = [];
  try {
    for (const detector of paths) scanners.push(await openScanner({ detector, read: [data] }));
    const evaluation = await evaluateClips(scanners, {
      ...faces,
      protocol: faces.words.replace('pictures', 'clips'),
      ...(sample ? { sampling: sample } : {}),
      ...(out === undefined ? {} : { keepWorst: mostMistakes }),
      onWorst: (clips) => {
        worst = clips;
      },
      signal,
      onProgress: follow(progress, (name) => name),
    });
    return { evaluation, mistakes: out === undefined ? none : await worstClips(worst) };
  } finally {
    for (const scanner of scanners) await scanner.close();
  }
}

const none: EvaluationPage['mistakes'] = { falseAlarms: [], misses: [] };

/** One step of the progress a detector and quality. */
function follow(progress: Progress, title: (name: string, words: string) => string) {
  let [step, last] = [-1, ''];
  return (name: string, condition: { words: string }, done: number, total: number) => {
    const now = title(name, condition.words);
    if (now !== last) progress.begin(++step, now);
    last = now;
    progress.update({ stage: 'frames', done, total });
  };
}
