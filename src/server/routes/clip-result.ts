import { resultSchema } from '../../detect/result.ts';
import { route } from '../route.ts';
import { artefact } from '../storage/artefact-names.ts';
import { textResponse } from '../storage/artefact-response.ts';

export const clipResult = route({
  method: 'get',
  path: '/api/clips/:id/report.json',
  summary: 'The result document, as `mesoscope scan --json` prints it',
  tag: 'Clips',
  answers: {
    200: { description: 'The document (docs/result.md).', schema: resultSchema },
    409: { description: 'The clip is not done.' },
  },
  handle: (c, _, services) =>
    textResponse(services, c.req.param('id'), artefact.result, { 'content-type': 'application/json' }),
});
