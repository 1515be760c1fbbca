/** What a reproduction is: a table or figure of a source document, the runs behind it, and how both are told. */
import type { Drawn } from './drawing.ts';
import type { Laboratory } from './laboratory.ts';

/** `smoke` runs in minutes on what `../shared/data` holds; `paper` is the document's own setting. */
export const scales = ['smoke', 'paper'] as const;
export type Scale = (typeof scales)[number];

/** One number of the document beside ours; null where one of them has none. */
export interface Cell {
  paper: number | null;
  ours: number | null;
}

export interface ProtocolTable {
  title: string;
  /** What the numbers are: `accuracy`, `mean IoU`. */
  quantity: string;
  columns: readonly string[];
  rows: readonly { name: string; cells: readonly Cell[] }[];
}

/** What the document concludes, and whether our numbers say the same. */
export interface Finding {
  claim: string;
  /** Ours, in numbers. */
  ours: string;
  /** Undefined where our numbers cannot tell. */
  agrees: boolean | undefined;
}

export interface ProtocolOutcome {
  tables: readonly ProtocolTable[];
  findings: readonly Finding[];
  drawings: readonly Drawn[];
  /** What was scored, in words: how many pictures or clips. */
  scored: string;
}

export interface ScaleSetting {
  /** Data, network, training, in words. */
  setting: string;
  /** What a machine of two cores needs, or the document's own. */
  cost: string;
  /** What differs from the document; empty at paper scale. */
  differs: readonly string[];
}

export interface Protocol {
  /** `003/table2` */
  id: string;
  title: string;
  /** Document and place. */
  source: string;
  scales: Readonly<Record<Scale, ScaleSetting>>;
  run(laboratory: Laboratory): Promise<ProtocolOutcome>;
}

/** A cell, with what is not there as null. */
export function cell(paper: number | undefined, ours: number | undefined): Cell {
  return { paper: paper ?? null, ours: ours ?? null };
}

/** The mean of what is there. */
export function meanOf(values: readonly (number | undefined)[]): number | undefined {
  const present = values.filter((value) => value !== undefined);
  return present.length === 0 ? undefined : present.reduce((sum, value) => sum + value, 0) / present.length;
}
