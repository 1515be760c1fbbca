/** What a run needs of the worker: its data, in a folder that its process may read, and what an earlier try left. */
import { mkdir } from 'node:fs/promises';
import type { BegunTask } from '../database/task-steps.ts';
import type { TaskMedia } from '../database/tasks.ts';
import { CheckpointKeeper, layCheckpoint } from './checkpoint-keeper.ts';
import { readPayload } from './payload.ts';
import { runFile } from './run-file.ts';
import type { Ground, TaskParts } from './run-task.ts';

/** @throws TASK_INVALID, TASK_OTHER_VERSION, and as `SetCache.open` */
export async function trainGround(
  parts: Pick<TaskParts, 'sets' | 'config' | 'storage' | 'database' | 'log'>,
  task: BegunTask,
  media: readonly TaskMedia[],
  out: string,
  signal: AbortSignal,
): Promise<Ground> {
  const { sets, config } = parts;
  const payload = readPayload('train', task);
  const { folder, close } = await sets.open(task.name, payload.files, media, signal);
  try {
    await mkdir(out, { recursive: true, mode: 0o700 });
    const goOn = await layCheckpoint(parts, task, out, signal);
    const { checkpointSeconds } = config;
    return {
      task: { kind: 'train', payload, data: folder, out, goOn, checkpointSeconds },
      limits: config.train,
      read: [folder],
      leaves: [runFile],
      checkpoints: new CheckpointKeeper(parts, task, out, checkpointSeconds, signal),
      close,
    };
  } catch (error) {
    close();
    throw error;
  }
}
