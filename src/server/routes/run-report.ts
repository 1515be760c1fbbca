import { errors } from '../../base/errors.ts';
import { route } from '../route.ts';
import { explorerPolicy } from '../security/headers.ts';

export const runReport = route({
  method: 'get',
  path: '/api/runs/report.html',
  summary: 'The runs explorer: parallel coordinates, curves, recipes',
  tag: 'Runs',
  answers: {
    200: { description: 'One interactive page.', type: 'text/html' },
    404: { description: 'The server serves no runs.' },
  },
  handle: async (_, __, { config }) => {
    if (config.runs === undefined) throw errors.RUNS_NOT_SERVED();
    const { listRuns } = await import('../../experiments/runs.ts');
    const { runsPage } = await import('../../report/runs.ts');
    const { runs } = await listRuns(config.runs);
    return new Response(await runsPage(runs, 'Runs', new Date()), {
      headers: {
        'content-type': 'text/html; charset=utf-8',
        'content-security-policy': explorerPolicy,
        'cache-control': 'no-store',
      },
    });
  },
});
