/** A detector's contract for people: what it is, how its words are set, where it fails. */
import Table from 'cli-table3';
import pc from 'picocolors';
import type { Contract } from '../detect/contract.ts';
import { percent, plural } from '../report/format.ts';
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
  const { input, outputs, training, limits, quality, figures, golden } = contract;
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
      ['Left out', leftOut(quality)],
      ['Trained by', training.recipe],
      ['Data', training.data],
      ['Terms', training.terms],
      ['Licence', contract.licence],
    ]),
    // On a line of its own, where no column cuts it: it is copied for --pin.
    `${paint.dim('SHA-256')}\n${sha256}`,
    paint.bold('\nBefore you trust a score'),
    limits.length > 0 ? columns(limits.map((limit) => ['-', limit])) : 'The contract names no limits.',
    paint.bold('\nError rates by quality'),
    errorRates(contract, colour),
    paint.bold('\nFigures'),
    figures.length > 0 ? columns(figures.map(figure)) : 'None.',
    `\nChecked just now: for ${plural(golden.length, 'golden input')} it gives what the contract states.`,
  ];
  return `${parts.join('\n')}\n`;
}

function leftOut({ minFacePixels, minSharpness, minMeshConfidence, minFaces }: Contract['quality']): string {
  const blurred = minSharpness > 0 ? `, blurred ones (sharpness below ${minSharpness})` : '';
  return `Faces below ${minFacePixels} px${blurred} and badly seen ones (mesh confidence below ${minMeshConfidence}). Fewer than ${plural(minFaces, 'face')} of a person: inconclusive at best.`;
}

function errorRates({ quality: { measured } }: Contract, colour: boolean): string {
  if (measured.length === 0) return 'Not measured.';
  const rate = (value: number | undefined) => (value === undefined ? '–' : percent(value));
  const rows = measured.map(({ condition, maxFacePixels, falseAlarms, misses, tracks }) => [
    maxFacePixels === undefined ? condition : `${condition} (faces to ${maxFacePixels} px)`,
    ...[rate(falseAlarms), rate(misses), String(tracks)],
  ]);
  // What the two words mean is half of the message.
  const words =
    'False alarms: of the real ones, called manipulation likely. Misses: of the manipulated ones, called no manipulation found.';
  return `${figureTable(['quality', 'false alarms', 'misses', 'measured on'], rows, colour, 1)}\n${words}`;
}

function figure({ metric, value, interval, protocol }: Contract['figures'][number]): [string, string] {
  const between = interval ? ` [${interval.map((end) => end.toFixed(3)).join(', ')}]` : '';
  return [`${value.toFixed(3)}${between}`, `${metric}: ${protocol}`];
}

/** Labels to the left, texts wrapped beside them. */
function wrapped(
  rows: readonly (readonly [label: string, text: string])[],
  width: number,
  paint: (label: string) => string,
): string {
  const label = Math.max(...rows.map(([name]) => name.length)) + 2;
  const room = Math.max(30, width - label);
  const table = new Table({
    chars: bare,
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 2 },
    colWidths: [label, room],
    wordWrap: true,
  });
  // The table wraps between words, and cuts a word that is wider than its column.
  const tooLong = new RegExp(`\\S{${room - 2}}(?=\\S)`, 'gu');
  table.push(...rows.map(([name, text]) => [paint(name), oneLine(text).replace(tooLong, '$& ')]));
  return table.toString().replace(/ +$/gm, '');
}
