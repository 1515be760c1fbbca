import { readFile } from 'node:fs/promises';
import { basename, dirname, resolve } from 'node:path';
import { errors } from '../../base/errors.ts';
import { detectorPath } from '../../detect/bundled.ts';
import type { ConditionName } from '../../experiments/conditions.ts';
import type { CliCommand } from '../command.ts';
import { defaultWorkers } from '../dataset-source.ts';
import { conditionsOption, cropMismatch, type FacesFlags, facesOptions, openFaces } from '../faces-source.ts';
import { prepareFolder, writeWhole } from '../output.ts';
import { startProgress } from '../progress.ts';

interface Options extends FacesFlags {
  output: string;
  conditions: ConditionName[];
  falseAlarms: string;
  misses: string;
  name?: string;
  quiet?: true;
}

/** The strongest compression as nearly all frames of a video have it, predicted from others, and not as a key frame. */
const usual: ConditionName[] = ['as-is', 'crf-30', 'moving-40', 'jpeg-50', 'half-size', 'blur'];

export const modelCalibrate: CliCommand = {
  name: 'model calibrate',
  register: (command, context) =>
    facesOptions(command)
      .summary('measure a detector and write its error rates into its contract')
      .description(
        'Scores faces that the detector was not trained on, at several qualities; fits its calibration; sets its ' +
          'thresholds by the share of real videos that may raise an alarm and of manipulated ones that may be ' +
          'missed; and writes the measured rates at each quality into the contract, where every report shows them.',
      )
      .argument('<file|name>', 'the detector')
      .requiredOption('-o, --output <file>', 'the calibrated detector to write (.onnx)')
      .addOption(conditionsOption(usual))
      .option('--false-alarms <share>', 'most real videos called "manipulation likely"', '0.02')
      .option('--misses <share>', 'most manipulated videos called "no manipulation found"', '0.1')
      .option('--name <name>', 'the calibrated detector’s name; as before where left out')
      .option('--quiet', 'no progress')
      .action(async (file: string, options: Options) => {
        const limits = { falseAlarms: share(options, 'falseAlarms'), misses: share(options, 'misses') };
        const path = detectorPath(file);
        const faces = await openFaces(options);
        const { loadDetector, withContract } = await import('../../detect/detector.ts');
        const { conditions } = await import('../../experiments/conditions.ts');
        const { scoreItems } = await import('../../experiments/score-items.ts');
        const { calibrateContract } = await import('../../experiments/calibrate.ts');
        const detector = await loadDetector(path);
        const progress = startProgress(context.stderr, options.conditions.length, options.quiet === true);
        try {
          const mismatch = await cropMismatch(options.data, detector.contract);
          if (mismatch) context.stderr.write(`mesoscope: ${options.data}: ${mismatch}\n`);
          const measured = [];
          for (const [k, name] of options.conditions.entries()) {
            const condition = conditions[name];
            progress.begin(k, condition.words);
            const { rows, skipped } = await scoreItems(detector, {
              ...faces,
              condition,
              workers: defaultWorkers,
              signal: context.signal,
              onProgress: (done, total) => progress.update({ stage: 'frames', done, total }),
            });
            progress.end();
            if (skipped.length > 0)
              progress.note(`mesoscope: ${skipped.length} pictures could not be read: ${skipped[0].reason}`);
            measured.push({ condition, rows });
          }
          progress.stop();
          const labels = new Set(measured[0].rows.map(({ item }) => item.label));
          if (labels.size < 2)
            throw errors.DATA_EMPTY(options.data, 'both real and manipulated faces are wanted');
          const contract = {
            ...calibrateContract(detector.contract, measured, faces.words, { limits }),
            ...(options.name === undefined ? {} : { name: options.name }),
          };
          const bytes = withContract(path, await readFile(path), contract);
          const target = resolve(options.output);
          await prepareFolder(dirname(target));
          await writeWhole(dirname(target), { [basename(target)]: bytes });
          const { thresholds, quality } = contract;
          context.stdout.write(
            `${options.output}: manipulation likely from ${thresholds.likely.toFixed(3)}, nothing found up to ${thresholds.notFound.toFixed(3)}\n`,
          );
          for (const { condition, falseAlarms, misses, tracks } of quality.measured) {
            context.stdout.write(
              `  ${condition}: ${percent(falseAlarms)} false alarms, ${percent(misses)} missed, ${tracks} videos\n`,
            );
          }
        } finally {
          progress.stop();
          await detector.close();
        }
      }),
};

/** @throws USAGE */
function share(options: Options, key: 'falseAlarms' | 'misses'): number {
  const value = Number(options[key]);
  if (!(value > 0 && value < 0.5)) {
    const flag = key === 'misses' ? '--misses' : '--false-alarms';
    throw errors.USAGE(`${flag} ${options[key]} is no share between 0 and 0.5.`);
  }
  return value;
}

const percent = (value: number | undefined) =>
  value === undefined ? 'unknown' : `${(100 * value).toFixed(1)} %`;
