/**
 * A job's log as a chain: every entry carries the hash of the line before it, so that none can be changed, taken out, put
 * in or moved without breaking the chain, and the last hash stands for all of them.
 */
import { z } from 'zod';
import { sha256 } from '../../base/hash.ts';

/** What the first entry carries. */
export const noEntry = '0'.repeat(64);

export const logEntrySchema = z.strictObject({
  /** From 1. */
  n: z.int().positive(),
  at: z.iso.datetime(),
  event: z.string().regex(/^[a-z][a-z-]{0,39}$/),
  details: z.record(z.string(), z.unknown()),
  /** SHA-256 of the line before, without its line end; zeros in the first. */
  previous: z.string().regex(/^[0-9a-f]{64}$/),
});
export type LogEntry = z.infer<typeof logEntrySchema>;

export class JobLog {
  readonly #lines: string[];
  readonly #now: () => Date;

  /** @param text of a log that is to be gone on with, as {@link toString} gave it. */
  constructor(text = '', now: () => Date = () => new Date()) {
    this.#lines = text.split('\n').filter((line) => line !== '');
    this.#now = now;
  }

  add(event: string, details: Readonly<Record<string, unknown>> = {}): void {
    const entry = { n: this.#lines.length + 1, at: this.#now().toISOString(), event, details };
    this.#lines.push(JSON.stringify(logEntrySchema.parse({ ...entry, previous: this.last })));
  }

  get length(): number {
    return this.#lines.length;
  }

  /** Hash of the last line. */
  get last(): string {
    const line = this.#lines.at(-1);
    return line === undefined ? noEntry : sha256(line);
  }

  toString(): string {
    return this.#lines.map((line) => `${line}\n`).join('');
  }
}

export interface Chain {
  entries: readonly LogEntry[];
  /** Hash of the last line. */
  last: string;
  /** Where the chain breaks, in words; empty where it does not. */
  problems: readonly string[];
}

/** Reads a log and follows its chain. Never throws. */
export function readChain(text: string): Chain {
  const entries: LogEntry[] = [];
  const problems: string[] = [];
  let last = noEntry;
  const lines = text.split('\n');
  if (lines.pop() !== '') problems.push('the log does not end with a line end');
  for (const [i, line] of lines.entries()) {
    const parsed = logEntrySchema.safeParse(json(line));
    if (!parsed.success) problems.push(`line ${i + 1} is no entry of a log`);
    else {
      const { n, previous } = parsed.data;
      if (n !== i + 1) problems.push(`line ${i + 1} is numbered ${n}`);
      if (previous !== last) problems.push(`line ${i + 1} does not carry the hash of the line before it`);
      entries.push(parsed.data);
    }
    last = sha256(line);
  }
  return { entries, last, problems };
}

function json(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
