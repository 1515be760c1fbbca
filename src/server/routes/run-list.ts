import { errors } from '../../base/errors.ts';
import { runListSchema } from '../api.ts';
import { json, route } from '../route.ts';

export const runList = route({
  method: 'get',
  path: '/api/runs',
  summary: 'Training runs with what each was set to and how it went',
  tag: 'Runs',
  answers: {
    200: { description: 'All runs of the folder.', schema: runListSchema },
    404: { description: 'The server serves no runs.' },
  },
  handle: async (_, __, { config }) => {
    if (config.runs === undefined) throw errors.RUNS_NOT_SERVED();
    // Loaded when asked for: few servers show runs.
    const { listRuns } = await import('../../experiments/runs.ts');
    const { runs, unreadable } = await listRuns(config.runs);
    // Where the server keeps them is its own business.
    return json({ runs: runs.map(({ folder: _, ...run }) => run), unreadable });
  },
});
