/** Keeps in the store what a run can go on from while it is trained, so that a killed one does not begin anew. */
import { once } from 'node:events';
import { lstat, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, UserError } from '../../base/errors.ts';
import { sha256OfFile } from '../../base/hash.ts';
import { type BegunTask, recordCheckpoint } from '../database/task-steps.ts';
import type { TaskCheckpoint } from '../database/tasks.ts';
import { taskTryOf } from '../watch/log.ts';
import { copyChecked } from './checked-copy.ts';
import { checkpointFile, goOnFile } from './run-file.ts';
import type { TaskParts } from './run-task.ts';

type Parts = Pick<TaskParts, 'database' | 'storage' | 'log'>;

export class CheckpointKeeper {
  readonly #parts: Parts;
  readonly #task: BegunTask;
  readonly #out: string;
  readonly #signal: AbortSignal;
  /** Least time between two that are kept, ms; half of what the process was told, whose clock is its own. */
  readonly #pause: number;
  #keptAt = Number.NEGATIVE_INFINITY;
  #newest: TaskCheckpoint | null;
  readonly #pending = new Set<Promise<void>>();

  /** @param out the folder of the task's process @param seconds least time between two, as the process was told */
  constructor(parts: Parts, task: BegunTask, out: string, seconds: number, signal: AbortSignal) {
    this.#parts = parts;
    this.#task = task;
    this.#out = out;
    this.#signal = signal;
    this.#pause = seconds * 500;
    this.#newest = task.checkpoint;
  }

  /** The process has left one. One at a time: while the store is slow others are passed over. Never throws. */
  take(step: number): void {
    const path = join(this.#out, checkpointFile(step));
    const ended = this.#takeOne(step, path);
    this.#pending.add(ended);
    void ended.finally(() => this.#pending.delete(ended));
  }

  /** Waits for what is on its way, or for the stop. */
  async end(): Promise<void> {
    const over = new AbortController();
    const stopped = this.#signal.aborted
      ? Promise.resolve()
      : once(this.#signal, 'abort', { signal: over.signal }).catch(() => undefined);
    await Promise.race([Promise.all(this.#pending), stopped]);
    over.abort();
  }

  async #takeOne(step: number, path: string): Promise<void> {
    try {
      // A process that was taken over tells them without end.
      const early = performance.now() - this.#keptAt < this.#pause;
      if (this.#pending.size === 0 && !early) await this.#keep(step, path);
    } catch (error) {
      if (!this.#signal.aborted) {
        const why = describe(error);
        this.#parts.log.tell('task checkpoint lost', { ...taskTryOf(this.#task), step, why });
      }
    }
    await rm(path, { force: true }).catch(() => undefined);
  }

  async #keep(step: number, path: string): Promise<void> {
    const { database, storage } = this.#parts;
    const { id, attempts: attempt } = this.#task;
    this.#keptAt = performance.now();
    const state = await lstat(path);
    // What took the process over could leave a link to a file of ours.
    if (!state.isFile() || state.nlink !== 1) throw new Error('it is no plain file');
    // Buckets have no ranges of nothing.
    if (state.size === 0) throw new Error('it is empty');
    const checkpoint = { attempt, step, bytes: state.size, sha256: await sha256OfFile(path) };
    await storage.keepCheckpoint(id, checkpoint, path);
    const ours = await recordCheckpoint(database, this.#task, checkpoint);
    const [useless, kept] = ours ? [this.#newest, checkpoint] : [checkpoint, this.#newest];
    this.#newest = kept;
    const same = useless?.attempt === kept?.attempt && useless?.step === kept?.step;
    if (useless && !same) await storage.removeCheckpoint(id, useless);
  }
}

/**
 * Lays what an earlier try left into the folder of the task's process.
 * @returns false where there is none, or none that is whole: then the run begins anew
 * @throws STORE_UNREACHABLE, and what writing throws
 */
export async function layCheckpoint(
  { storage, log }: Parts,
  task: BegunTask,
  out: string,
  signal: AbortSignal,
): Promise<boolean> {
  const { checkpoint } = task;
  if (!checkpoint) return false;
  const told = { ...taskTryOf(task), step: checkpoint.step };
  const file = await storage.openCheckpoint(task.id, checkpoint);
  const path = join(out, goOnFile);
  if (file?.size === checkpoint.bytes && (await isWhole(copyChecked(file, checkpoint, path, signal)))) {
    log.tell('task goes on', told);
    return true;
  }
  await rm(path, { force: true });
  const why = file ? 'it is not what was kept' : 'it is not in the store';
  log.tell('task checkpoint lost', { ...told, why });
  return false;
}

/** One that changes while it is read is as little what was kept as one that has another hash. */
async function isWhole(copied: Promise<boolean>): Promise<boolean> {
  try {
    return await copied;
  } catch (error) {
    if (error instanceof UserError && error.code === 'STORE_CHANGED') return false;
    throw error;
  }
}
