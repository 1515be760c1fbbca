/** Writes progress now and then, the newest; finds out on the way that the clip is no longer ours. */
import type { Progress } from '../api.ts';
import type { Changes } from '../changes.ts';
import type { Database } from '../database/database.ts';
import { type Begun, report } from '../database/steps.ts';

/** How often progress goes to the database, ms. */
const reportEvery = 400;

export class ProgressWriter {
  readonly #clip: Begun;
  readonly #database: Database;
  readonly #changes: Changes;
  readonly #stop: AbortController;
  #newest: Progress | undefined;
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> = Promise.resolve();

  constructor(clip: Begun, database: Database, changes: Changes, stop: AbortController) {
    this.#clip = clip;
    this.#database = database;
    this.#changes = changes;
    this.#stop = stop;
  }

  take(progress: Progress): void {
    this.#newest = progress;
    this.#timer ??= globalThis.setTimeout(() => {
      this.#timer = undefined;
      this.#writing = this.#writing.then(() => this.#write());
    }, reportEvery);
  }

  async end(): Promise<void> {
    clearTimeout(this.#timer);
    await this.#writing;
  }

  async #write(): Promise<void> {
    if (!this.#newest) return;
    try {
      if (await report(this.#database, this.#clip, this.#newest)) this.#changes.changed(this.#clip.id);
      else this.#stop.abort();
    } catch {
      // A database that is away for a moment must not end an analysis; the end of it is what counts.
    }
  }
}
