import { errors } from '../../base/errors.ts';
import { type Task, workQuerySchema, workSchema } from '../api.ts';
import { countWork, type ListedTask, listProcesses, listTasks } from '../database/work.ts';
import { json, route } from '../route.ts';

export const work = route({
  method: 'get',
  path: '/api/work',
  summary: 'Who works, how much waits, and the parts of data sets and runs of sweeps, newest first',
  tag: 'Work',
  query: workQuerySchema,
  answers: { 200: { description: 'As it stands, with a page of tasks.', schema: workSchema } },
  handle: async (_, { query: { before, limit, status } }, { database }) => {
    if (before !== undefined && !/^\d{1,15}$/.test(before)) {
      throw errors.REQUEST_INVALID('query.before is no `next` of a page');
    }
    const from = before === undefined ? undefined : Number(before);
    const rows = await listTasks(database, { status, before: from, limit });
    const shown = rows.slice(0, limit);
    return json({
      processes: (await listProcesses(database)).map(({ started_at, ...process }) => ({
        ...process,
        startedAt: started_at.toISOString(),
      })),
      counts: await countWork(database),
      tasks: shown.map(taskOf),
      next: rows.length > limit ? String(shown[shown.length - 1].number) : null,
    });
  },
});

function taskOf({ number: _, created_at, started_at, finished_at, progress, ...row }: ListedTask): Task {
  return {
    ...row,
    progress: progress && { done: progress.done, total: progress.total },
    createdAt: created_at.toISOString(),
    startedAt: started_at?.toISOString() ?? null,
    finishedAt: finished_at?.toISOString() ?? null,
  };
}
