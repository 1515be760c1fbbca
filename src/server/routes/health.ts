import { version } from '../../base/version.ts';
import { healthSchema } from '../api.ts';
import { json, route } from '../route.ts';

export const health = route({
  method: 'get',
  path: '/api/health',
  summary: 'Whether the process answers',
  tag: 'Server',
  open: true,
  answers: { 200: { description: 'It does.', schema: healthSchema } },
  handle: () => json({ status: 'ok', version }),
});
