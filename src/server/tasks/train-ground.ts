/** What a run needs of the worker: its data, in a folder that its process may read. */
import type { BegunTask } from '../database/task-steps.ts';
import type { TaskMedia } from '../database/tasks.ts';
import { readPayload } from './payload.ts';
import { runFile } from './run-file.ts';
import type { Ground, TaskParts } from './run-task.ts';

/** @throws TASK_INVALID, TASK_OTHER_VERSION, and as `SetCache.open` */
export async function trainGround(
  { sets, config }: Pick<TaskParts, 'sets' | 'config'>,
  task: BegunTask,
  media: readonly TaskMedia[],
  out: string,
  signal: AbortSignal,
): Promise<Ground> {
  const payload = readPayload('train', task);
  const { folder, close } = await sets.open(task.name, payload.files, media, signal);
  return {
    task: { kind: 'train', payload, data: folder, out },
    limits: config.train,
    read: [folder],
    leaves: [runFile],
    close,
  };
}
