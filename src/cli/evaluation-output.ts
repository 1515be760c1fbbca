/** What an evaluation leaves behind: a table on the terminal, a record and a page. */
import { resolve } from 'node:path';
import { version } from '../base/version.ts';
import type { Evaluation } from '../experiments/evaluate.ts';
import type { Figures } from '../experiments/figures.ts';
import { formatSampling, type Sampling } from '../media/sampling.ts';
import type { EvaluationPage } from '../report/evaluation.ts';
import { quote } from '../report/replay.ts';
import type { FacesFlags } from './faces-source.ts';
import { writeWhole } from './output.ts';
import { figureTable } from './table.ts';

export interface EvaluationFlags extends FacesFlags {
  detector?: string[];
  compare?: string[];
  conditions: string[];
  sample?: Sampling;
  out?: string;
}

/** Writes `evaluation.json` and `evaluation.html`. Throws OUTPUT_UNWRITABLE. */
export async function writeEvaluation(
  evaluation: Evaluation,
  flags: EvaluationFlags & { out: string },
  mistakes: EvaluationPage['mistakes'],
): Promise<void> {
  const { evaluationPage } = await import('../report/evaluation.ts');
  const html = evaluationPage({ evaluation, replay: replay(flags), createdAt: new Date(), mistakes });
  await writeWhole(resolve(flags.out), {
    'evaluation.json': `${JSON.stringify(evaluation)}\n`,
    'evaluation.html': html,
  });
}

function replay(flags: EvaluationFlags & { out: string }): string {
  const { detector = [], compare = [], data, splitOf, side, conditions, limit, out, sample } = flags;
  const parts = [
    ...['npx', `mesoscope@${version}`, 'evaluate', '--data', data],
    ...[...detector, ...compare].flatMap((name) => ['--detector', name]),
    ...(splitOf === undefined ? [] : ['--split-of', splitOf, '--side', side]),
    ...(conditions.join() === 'as-is' ? [] : ['--conditions', conditions.join(',')]),
    ...(sample === undefined ? [] : ['--sample', formatSampling(sample)]),
    ...(limit === undefined ? [] : ['--limit', String(limit)]),
    ...['--out', out],
  ];
  return parts.map(quote).join(' ');
}

const head = [
  ...['detector', 'quality', 'videos', 'AUC', 'interval', 'EER', 'accuracy', 'log loss', 'ECE', 'map IoU'],
];

/** The figures by video, by quality and method, and what detectors differ in. */
export function evaluationInWords({ detectors, protocol, comparisons }: Evaluation, colour: boolean): string {
  const rows = detectors.flatMap(({ name, conditions }) =>
    conditions.flatMap(({ words, videos, map, methods }) => [
      row(name, words, videos, map?.meanIou),
      ...(Object.keys(methods).length > 1
        ? Object.entries(methods).map(([method, figures]) => row('', `  ${method}`, figures))
        : []),
    ]),
  );
  const lines = [
    protocol,
    figureTable(head, rows, colour),
    ...detectors.flatMap(({ name, conditions: [{ coverage }] }) =>
      coverage && coverage.notAssessable > 0
        ? [`${name}: ${coverage.notAssessable} of ${coverage.items} clips not assessable, in no figure`]
        : [],
    ),
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
