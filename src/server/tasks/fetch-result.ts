/** What a task left, from the store to a file here: checked against what its worker wrote down. */
import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { errors, UserError } from '../../base/errors.ts';
import { discardResult, type TaskState } from '../database/tasks.ts';
import { failureOf } from '../failure.ts';
import type { Joined } from '../work.ts';

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
  const hash = createHash('sha256');
  const through = new Transform({
    transform(chunk: Buffer, _, done) {
      hash.update(chunk);
      done(null, chunk);
    },
  });
  await pipeline(file.stream(0, file.size - 1), through, createWriteStream(path));
  if (file.size !== left.bytes || hash.digest('hex') !== left.sha256) {
    throw errors.TASK_RESULT_INVALID(task, `${name} is not what the worker left`);
  }
}

/** Takes a result, and where it cannot be used, has the next sender make it anew. Throws what `take` throws. */
export async function usingResult<T>(parts: Parts, state: TaskState, take: () => Promise<T>): Promise<T> {
  try {
    return await take();
  } catch (error) {
    if (error instanceof UserError && error.code === 'TASK_RESULT_INVALID') {
      await discardResult(parts.database, state.id, failureOf(error));
    }
    throw error;
  }
}
