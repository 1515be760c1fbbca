/** A task that was begun, as the runner runs it. */
import { errors } from '../../base/errors.ts';
import { beginTask, putBackTask } from '../database/task-steps.ts';
import type { Job } from '../jobs/job.ts';
import type { TaskKind } from '../jobs/queue.ts';
import type { Events } from '../watch/events.ts';
import { taskTryOf } from '../watch/log.ts';
import { removeOrphans, runTask, type TaskParts } from './run-task.ts';

/** Begins the next task of a kind; undefined where none waits. */
export async function takeTask(parts: TaskParts, kind: TaskKind, server: number): Promise<Job | undefined> {
  const { database, queue, log } = parts;
  const task = await beginTask(database, queue, kind, server);
  if (!task) return undefined;
  const { id, name, attempts, lost } = task;
  return {
    ...{ id, attempts, lost },
    tell: (event, fields) =>
      log.tell(`task ${event}`, { ...taskTryOf(task), ...fields } as Events[`task ${typeof event}`]),
    work: (stop) => runTask(parts, task, stop),
    putBack: async (how) => {
      const { how: ended, orphans } = await putBackTask(database, queue, task, how);
      await removeOrphans(parts, orphans);
      if (ended === 'ended') {
        await parts.storage.removeCheckpoints(id).catch(() => log.tell('task left behind', taskTryOf(task)));
      }
      return ended;
    },
    givenUp: (tries) => errors.TASK_GIVEN_UP(name, tries),
    // Its sender looks at the row.
    changed: () => undefined,
  };
}
