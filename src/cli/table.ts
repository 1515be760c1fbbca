/** The table at the end of a scan. */
import Table from 'cli-table3';
import pc from 'picocolors';
import type { ClipResult } from '../detect/result.ts';
import { clock, plural, score } from '../report/format.ts';
import { intervalText, type Outcome, outcomeOf, outcomeWords } from '../report/wording.ts';
import { oneLine } from './io.ts';

export interface TableOptions {
  colour: boolean;
  /** Columns of the terminal. */
  width: number;
}

/** Room for a path below which the lesser columns give way. */
const leastName = 24;

interface Column {
  head: string;
  width: number;
  right: boolean;
  cell: (result: ClipResult) => string;
}

const seconds = (result: ClipResult) => result.clip.durationSeconds;

/** In order of importance: the last go first on a narrow terminal. */
const columns: readonly Column[] = [
  { head: 'Verdict', width: 21, right: false, cell: (result) => outcomeWords[outcomeOf(result)] },
  {
    head: 'Score',
    width: 5,
    right: true,
    cell: (result) => (result.score === null ? '–' : score(result.score)),
  },
  {
    head: '95 % interval',
    width: 13,
    right: true,
    cell: (result) => (result.interval && intervalText(result).length <= 13 ? intervalText(result) : '–'),
  },
  {
    head: 'People',
    width: 6,
    right: true,
    cell: (result) =>
      result.status === 'error' ? '–' : String(new Set(result.tracks.map((t) => t.person)).size),
  },
  {
    head: 'Faces',
    width: 5,
    right: true,
    cell: (result) =>
      result.status === 'error' ? '–' : String(result.tracks.reduce((sum, track) => sum + track.faces, 0)),
  },
  {
    head: 'Length',
    width: 8,
    right: true,
    cell: (result) => (seconds(result) ? clock(seconds(result) ?? 0) : '–'),
  },
];

export function resultTable(results: readonly ClipResult[], { colour, width }: TableOptions): string {
  const paint = pc.createColors(colour);
  const tones: Record<Outcome, (text: string) => string> = {
    manipulation_likely: (text) => paint.bold(paint.red(text)),
    inconclusive: paint.yellow,
    no_manipulation_found: paint.blue,
    not_assessable: paint.dim,
    error: paint.magenta,
  };
  // A column costs its width and two blanks.
  let shown = columns.length;
  const cost = (count: number) => columns.slice(0, count).reduce((sum, column) => sum + column.width + 2, 0);
  while (shown > 1 && width - cost(shown) < leastName) shown--;
  const picked = columns.slice(0, shown);
  const longest = Math.max(4, ...results.map((result) => oneLine(result.clip.path).length));
  const room = Math.max(8, Math.min(longest, width - cost(shown)));
  const table = new Table({
    head: ['Clip', ...picked.map((column) => column.head)].map((head) => paint.dim(head)),
    chars: bare,
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 2 },
    colWidths: [room + 2, ...picked.map((column) => column.width + 2)],
    colAligns: ['left', ...picked.map((column) => (column.right ? ('right' as const) : ('left' as const)))],
  });
  for (const result of results) {
    const tone = tones[outcomeOf(result)];
    table.push([
      shorten(oneLine(result.clip.path), room),
      ...picked.map((column, i) => (i === 0 ? tone(column.cell(result)) : column.cell(result))),
    ]);
  }
  // Blanks at the ends of lines would wrap on a terminal of just this width.
  return table.toString().replace(/ +$/gm, '');
}

/** No lines: a table that can be read, copied and searched. */
export const bare = Object.fromEntries(
  [
    ...['top', 'top-mid', 'top-left', 'top-right', 'bottom', 'bottom-mid', 'bottom-left', 'bottom-right'],
    ...['left', 'left-mid', 'mid', 'mid-mid', 'right', 'right-mid', 'middle'],
  ].map((name) => [name, '']),
);

/** Keeps the end of a path, where the name is; whole folders where they fit. */
export function shorten(text: string, room: number): string {
  if (text.length <= room) return text;
  const end = text.slice(text.length - room + 1);
  const slash = end.indexOf('/');
  return `…${slash > 0 && slash < end.length / 2 ? end.slice(slash) : end}`;
}

/** `5 files: 1 manipulation likely, 3 inconclusive, 1 could not be read.` */
export function tallyLine(results: readonly ClipResult[]): string {
  const counts = new Map<Outcome, number>();
  for (const result of results) counts.set(outcomeOf(result), (counts.get(outcomeOf(result)) ?? 0) + 1);
  const parts = (Object.keys(outcomeWords) as Outcome[])
    .filter((outcome) => counts.has(outcome))
    .map((outcome) => `${counts.get(outcome)} ${outcomeWords[outcome].toLowerCase()}`);
  return `${plural(results.length, 'file')}${parts.length > 0 ? `: ${parts.join(', ')}` : ''}.`;
}

/** Figures in columns: the first ones, which are words, to the left, the others to the right. */
export function figureTable(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  colour: boolean,
  words = 2,
): string {
  const paint = pc.createColors(colour);
  const lines = new Table({
    head: head.map((cell) => paint.dim(oneLine(cell))),
    chars: bare,
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 2 },
    colAligns: head.map((_, i) => (i < words ? 'left' : 'right')),
  });
  lines.push(...rows.map((row) => row.map(oneLine)));
  return lines.toString().replace(/ +$/gm, '');
}
