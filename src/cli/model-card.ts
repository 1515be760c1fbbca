/** A detector's contract for people: what it is, how its words are set, where it fails. */
import Table from 'cli-table3';
import pc from 'picocolors';
import type { Contract } from '../detect/contract.ts';
import { percent } from '../report/format.ts';
import { aggregationInWords, calibrationInWords, cropInWords, thresholdsInWords } from '../report/wording.ts';
import { oneLine } from './io.ts';
import { bare, figureTable } from './table.ts';

export interface CardOptions {
  colour: boolean;
  /** Columns of the terminal. */
  width: number;
}

/** Widest line that is read with ease. */
const widest = 110;

/** Texts of the contract are somebody's: they are made safe for a terminal, and wrapped at words. */
export function modelCard(contract: Contract, sha256: string, { colour, width }: CardOptions): string {
  const paint = pc.createColors(colour);
  const { input, outputs, training, limits, quality, golden } = contract;
  const columns = (rows: readonly (readonly [string, string])[]) =>
    wrapped(rows, Math.min(widest, width), paint.dim);
  const parts = [
    paint.bold(oneLine(contract.name)),
    columns([
      ['What it is', contract.description],
      ['Input', `${input.width} x ${input.height} px. ${cropInWords(contract.crop)}`],
      ['Answers', outputs.map ? 'A score, and a map of where.' : 'A score.'],
      ['Verdicts', thresholdsInWords(contract)],
      ['Aggregation', aggregationInWords(contract.aggregation)],
      ['Calibration', calibrationInWords(contract)],
      [
        'Left out',
        `Faces below ${quality.minFacePixels} px; fewer than ${quality.minFaces} faces decide nothing.`,
      ],
      ['Trained by', training.recipe],
      ['Data', training.data],
      ['Terms', training.terms],
      ['Licence', contract.licence],
      ['SHA-256', sha256],
    ]),
    paint.bold('\nBefore you trust a score'),
    limits.length > 0 ? columns(limits.map((limit) => ['-', limit])) : 'The contract names no limits.',
    paint.bold('\nError rates by quality'),
    errorRates(contract, colour),
    paint.bold('\nFigures'),
    figures(contract, colour),
    `\nChecked just now: its outputs for ${golden.length} golden inputs are those that the contract states.`,
  ];
  return `${parts.join('\n')}\n`;
}

function errorRates({ quality: { measured } }: Contract, colour: boolean): string {
  if (measured.length === 0) return 'Not measured.';
  const rate = (value: number | undefined) => (value === undefined ? '–' : percent(value));
  const rows = measured.map(({ condition, falseAlarms, misses, tracks }) => [
    ...[condition, rate(falseAlarms), rate(misses), String(tracks)],
  ]);
  // What the two words mean is half of the message.
  const words =
    'False alarms: real, called manipulation likely. Misses: manipulated, called no manipulation found.';
  return `${figureTable(['quality', 'false alarms', 'misses', 'of'], rows, colour, 1)}\n${words}`;
}

/** One line a protocol, one column a metric. */
function figures({ figures: all }: Contract, colour: boolean): string {
  if (all.length === 0) return 'None.';
  const metrics = [...new Set(all.map(({ metric }) => metric))];
  const protocols = [...new Set(all.map(({ protocol }) => protocol))];
  const cell = (protocol: string, metric: string) => {
    const found = all.find((one) => one.protocol === protocol && one.metric === metric);
    if (!found) return '–';
    const { value, interval } = found;
    const between = interval ? ` [${interval.map((end) => end.toFixed(3)).join(', ')}]` : '';
    return `${value.toFixed(3)}${between}`;
  };
  const rows = protocols.map((protocol) => [protocol, ...metrics.map((metric) => cell(protocol, metric))]);
  return figureTable(['on', ...metrics], rows, colour, 1);
}

/** Labels to the left, texts wrapped beside them. */
function wrapped(
  rows: readonly (readonly [label: string, text: string])[],
  width: number,
  paint: (label: string) => string,
): string {
  const label = Math.max(...rows.map(([name]) => name.length)) + 2;
  const table = new Table({
    chars: bare,
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 2 },
    colWidths: [label, Math.max(30, width - label)],
    wordWrap: true,
  });
  table.push(...rows.map(([name, text]) => [paint(name), oneLine(text)]));
  return table.toString().replace(/ +$/gm, '');
}
