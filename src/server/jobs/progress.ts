/** From what an analysis says of itself to one number that never falls, and the seconds that are left. */
import type { Progress } from '../api.ts';
import type { AnalysisProgress } from './messages.ts';

/** Where each stage begins and ends, as shares of the whole: measured on clips of 10 to 15 s at 720p. */
const spans: Record<AnalysisProgress['stage'] | 'start', readonly [from: number, to: number]> = {
  start: [0, 0.15],
  open: [0.15, 0.2],
  frames: [0.2, 0.92],
  score: [0.92, 0.95],
  report: [0.95, 1],
};

/** Frames after which the time of one is known well enough. */
const enough = 3;

export class ProgressMeter {
  readonly #now: () => number;
  readonly #begun: number;
  #framesBegun: number | undefined;
  #fraction = 0;

  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
    this.#begun = now();
  }

  start(): Progress {
    return { stage: 'start', done: 0, total: 0, fraction: 0, secondsLeft: null };
  }

  take({ stage, done, total }: AnalysisProgress): Progress {
    const now = this.#now();
    if (stage === 'frames') this.#framesBegun ??= now;
    const [from, to] = spans[stage];
    const within = stage === 'frames' && total > 0 ? Math.min(1, done / total) : 0;
    this.#fraction = Math.max(this.#fraction, from + (to - from) * within);
    return {
      stage,
      done: Math.min(done, total),
      total,
      fraction: Math.round(this.#fraction * 1000) / 1000,
      secondsLeft: this.#left(stage, done, total, now),
    };
  }

  #left(stage: AnalysisProgress['stage'], done: number, total: number, now: number): number | null {
    if (stage === 'open' || this.#framesBegun === undefined) return null;
    const rest = (1 - spans.frames[1]) * (now - this.#begun);
    if (stage !== 'frames') return seconds(rest / 2);
    if (done < enough) return null;
    // The first message comes with its frame done: the time since belongs to the others.
    const each = (now - this.#framesBegun) / (done - 1);
    return seconds(each * Math.max(0, total - done) + rest);
  }
}

const seconds = (milliseconds: number) => Math.round(milliseconds / 100) / 10;
