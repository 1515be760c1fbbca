/** Writes progress now and then, the newest; finds out on the way that the clip or task is no longer ours. */

/** How often progress goes to the database, ms. */
const reportEvery = 400;

export class ProgressWriter<P> {
  readonly #write: (progress: P) => Promise<boolean>;
  readonly #stop: AbortController;
  #newest: P | undefined;
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> = Promise.resolve();

  /** @param write false where it is no longer ours: then `stop` is pulled */
  constructor(write: (progress: P) => Promise<boolean>, stop: AbortController) {
    this.#write = write;
    this.#stop = stop;
  }

  take(progress: P): void {
    this.#newest = progress;
    this.#timer ??= globalThis.setTimeout(() => {
      this.#timer = undefined;
      this.#writing = this.#writing.then(() => this.#tell());
    }, reportEvery);
  }

  async end(): Promise<void> {
    clearTimeout(this.#timer);
    await this.#writing;
  }

  async #tell(): Promise<void> {
    if (!this.#newest) return;
    try {
      if (!(await this.#write(this.#newest))) this.#stop.abort();
    } catch {
      // A database that is away for a moment must not end an analysis; the end of it is what counts.
    }
  }
}
