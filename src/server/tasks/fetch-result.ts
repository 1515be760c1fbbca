/** What a task left, from the store to a file here: checked against what its worker wrote down. */
import { writeFile } from 'node:fs/promises';
import { errors, UserError } from '../../base/errors.ts';
import { discardResult, type TaskState } from '../database/tasks.ts';
import { failureOf } from '../failure.ts';
import type { Joined } from '../work.ts';
import { copyChecked } from './checked-copy.ts';

type Parts = Pick<Joined, 'database' | 'storage'>;

/** @throws TASK_RESULT_INVALID where it is not there or not whole; STORE_UNREACHABLE */
export async function fetchResult(
  { storage }: Parts,
  { id, attempts, name: task, result }: TaskState,
  name: string,
  path: string,
): Promise<void> {
  const left = result?.files[name];
  // Empty ones are not kept in the store: buckets have no ranges of nothing.
  if (left?.bytes === 0) return writeFile(path, '');
  const file = left && (await storage.taskFile(id, attempts, name));
  if (!left || !file) throw errors.TASK_RESULT_INVALID(task, `${name} is not in the store`);
  if (!(await copyChecked(file, left, path)) || file.size !== left.bytes) {
    throw errors.TASK_RESULT_INVALID(task, `${name} is not what the worker left`);
  }
}

/**
 * How a task ended, with its result taken. One that cannot be used (damaged, or gone from the store) is made anew, once.
 * @param end waits for the task's end; undefined where that was aborted
 * @param send sends it again
 * @throws TASK_RESULT_INVALID where the new one is no better; what `take` throws
 */
export async function takeResult<T>(
  { database, storage }: Parts,
  end: () => Promise<TaskState | undefined>,
  send: () => Promise<unknown>,
  take: (state: TaskState) => Promise<T>,
): Promise<T | undefined> {
  for (let again = false; ; again = true) {
    const state = await end();
    if (!state) return undefined;
    try {
      return await take(state);
    } catch (error) {
      if (!(error instanceof UserError) || error.code !== 'TASK_RESULT_INVALID') throw error;
      // Also where nobody tries now: the next who asks for it is not to find it again.
      await discardResult(database, state.id, failureOf(error));
      await storage.removeTaskAttempt(state.id, state.attempts).catch(() => undefined);
      if (again) throw error;
      await send();
    }
  }
}
