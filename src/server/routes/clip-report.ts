import { route } from '../route.ts';
import { reportPolicy } from '../security/headers.ts';
import { artefact } from '../storage/artefact-names.ts';
import { textResponse } from '../storage/artefact-response.ts';

export const clipReport = route({
  method: 'get',
  path: '/api/clips/:id/report.html',
  summary: 'The report, as `mesoscope scan --out` writes it: one page with everything in it',
  tag: 'Clips',
  answers: {
    200: { description: 'The page.', type: 'text/html' },
    409: { description: 'The clip is not done.' },
  },
  handle: (c, _, services) =>
    textResponse(services, c.req.param('id'), artefact.report, {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': reportPolicy,
    }),
});
