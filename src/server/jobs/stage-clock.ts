/** When each stage of an analysis began and ended, by what its process says and when it says so. */

/** `start` is the process itself, and what it loads. */
export const stages = ['start', 'open', 'frames', 'score', 'report'] as const;
export type Stage = (typeof stages)[number];
export interface StageSpan {
  stage: Stage;
  /** Of the same clock as given, ms. */
  from: number;
  to: number;
}

export class StageClock {
  readonly #now: () => number;
  readonly #spans: StageSpan[] = [];
  #current: { stage: Stage; from: number } | undefined;

  /** @param now ms of a clock that never goes back */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** The last stage that was reached. */
  get stage(): Stage | undefined {
    return this.#current?.stage ?? this.#spans.at(-1)?.stage;
  }

  /** Ends the stage before. A stage that is told again goes on. */
  enter(stage: Stage): void {
    if (stage === this.#current?.stage) return;
    this.end();
    this.#current = { stage, from: this.#now() };
  }

  end(): void {
    if (this.#current) this.#spans.push({ ...this.#current, to: this.#now() });
    this.#current = undefined;
  }

  /** Those that ended, in their order. */
  get spans(): readonly StageSpan[] {
    return this.#spans;
  }

  /** Seconds by stage, with three places. */
  seconds(): Partial<Record<Stage, number>> {
    const sums: Partial<Record<Stage, number>> = {};
    for (const { stage, from, to } of this.#spans) {
      sums[stage] = Math.round((sums[stage] ?? 0) * 1000 + (to - from)) / 1000;
    }
    return sums;
  }
}
