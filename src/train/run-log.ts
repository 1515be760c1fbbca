/** A run's record of figures: metrics.jsonl, one JSON object a line. */
import { closeSync, fsyncSync, openSync, readFileSync, writeSync } from 'node:fs';
import type { MetricName } from './metrics.ts';
import { unwritable, writeWhole } from './write-file.ts';

export interface TrainLine {
  kind: 'train';
  /** Steps done, this one included. */
  step: number;
  epoch: number;
  loss: number;
  norm: number;
  /** Share of the batch on the right side of 0.5, in training mode. */
  accuracy: number;
  learningRate: number;
  stepMs: number;
  waitMs: number;
}

export interface ValidationLine {
  kind: 'validation';
  step: number;
  metrics: Partial<Record<MetricName, number>>;
  items: number;
  seconds: number;
}

/** Pictures that could not be read; counted again where a step is repeated after a kill. */
export interface SkippedLine {
  kind: 'skipped';
  step: number;
  id: string;
  file: string;
  reason: string;
}

export type LogLine = TrainLine | ValidationLine | SkippedLine;

export class RunLog {
  readonly #path: string;
  readonly #file: number;

  private constructor(path: string) {
    this.#path = path;
    this.#file = openSync(path, 'a');
  }

  /** Opens the log with the lines of the first `steps` steps; what came after them will be computed again. */
  static async open(path: string, steps: number): Promise<RunLog> {
    try {
      const kept = readLog(path).filter(({ step }) => step <= steps);
      await writeWhole(path, kept.map((line) => `${JSON.stringify(line)}\n`).join(''));
      return new RunLog(path);
    } catch (cause) {
      throw unwritable(path, cause);
    }
  }

  append(line: LogLine): void {
    try {
      writeSync(this.#file, `${JSON.stringify(line)}\n`);
    } catch (cause) {
      throw unwritable(this.#path, cause);
    }
  }

  /** To be called before a checkpoint is written: lines up to a checkpoint must outlive it. */
  flush(): void {
    try {
      fsyncSync(this.#file);
    } catch (cause) {
      throw unwritable(this.#path, cause);
    }
  }

  close(): void {
    closeSync(this.#file);
  }
}

/** The lines of a log; a last line that a kill cut short is left out. Empty where there is no file. */
export function readLog(path: string): LogLine[] {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw cause;
  }
  const whole = text.slice(0, text.lastIndexOf('\n') + 1);
  return whole
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as LogLine);
}
