/** Seconds of wall time by stage. A stage's time excludes the stages that it waits for. */
export class Stopwatch {
  readonly #seconds = new Map<string, number>();
  readonly #running: { stage: string; since: number }[] = [];

  async time<T>(stage: string, work: () => Promise<T>): Promise<T> {
    this.#enter(stage);
    try {
      return await work();
    } finally {
      this.#leave();
    }
  }

  timeNow<T>(stage: string, work: () => T): T {
    this.#enter(stage);
    try {
      return work();
    } finally {
      this.#leave();
    }
  }

  /** Counts the time that each step of an iterator takes, not the time between steps. */
  async *timeEach<T>(stage: string, items: AsyncIterable<T>): AsyncIterable<T> {
    const iterator = items[Symbol.asyncIterator]();
    try {
      for (;;) {
        const { done, value } = await this.time(stage, () => iterator.next());
        if (done) return;
        yield value;
      }
    } finally {
      await iterator.return?.();
    }
  }

  seconds(): Record<string, number> {
    return Object.fromEntries(
      [...this.#seconds].map(([stage, seconds]) => [stage, Math.round(seconds * 1e4) / 1e4]),
    );
  }

  /** Stages nest strictly: one clip is read by one chain of awaits. */
  #enter(stage: string): void {
    const now = performance.now();
    const outer = this.#running.at(-1);
    if (outer) this.#count(outer.stage, now - outer.since);
    this.#running.push({ stage, since: now });
  }

  #leave(): void {
    const now = performance.now();
    const { stage, since } = this.#running.pop() as { stage: string; since: number };
    this.#count(stage, now - since);
    const outer = this.#running.at(-1);
    if (outer) outer.since = now;
  }

  #count(stage: string, milliseconds: number): void {
    this.#seconds.set(stage, (this.#seconds.get(stage) ?? 0) + milliseconds / 1000);
  }
}
