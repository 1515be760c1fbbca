import { errors } from '../../base/errors.ts';
import { cancelTask } from '../database/task-steps.ts';
import { findTask } from '../database/tasks.ts';
import { uuid } from '../documents.ts';
import { failureOf } from '../failure.ts';
import { route } from '../route.ts';
import { removeOrphans } from '../tasks/run-task.ts';
import { taskTryOf } from '../watch/log.ts';

export const taskCancel = route({
  method: 'post',
  path: '/api/tasks/:id/cancel',
  summary: 'End a part of a data set or a run of a sweep that waits or runs; its sender is told',
  tag: 'Work',
  answers: {
    204: { description: 'It has ended, now or before.' },
    404: { description: 'There is none of that id.' },
  },
  handle: async (c, _, { database, queue, runner, storage, log }) => {
    const id = c.req.param('id') ?? '';
    const task = uuid.test(id) ? await findTask(database, id) : undefined;
    if (!task) throw errors.TASK_UNKNOWN(id.slice(0, 100));
    const failure = failureOf(errors.TASK_CANCELLED(task.name));
    const { ended, orphans } = await cancelTask(database, queue, id, failure);
    if (ended) {
      await runner.abandon(id);
      await removeOrphans({ storage, log }, orphans);
      await storage
        .removeCheckpoints(id)
        .catch(() => log.tell('task left behind', taskTryOf({ ...task, job: null })));
    }
    return new Response(null, { status: 204 });
  },
});
