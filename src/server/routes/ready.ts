import { version } from '../../base/version.ts';
import { healthSchema } from '../api.ts';
import { pulse } from '../database/pulse.ts';
import { json, route } from '../route.ts';

export const ready = route({
  method: 'get',
  path: '/api/ready',
  summary: 'Whether clips can be taken: the database answers and the server is not stopping',
  tag: 'Server',
  open: true,
  answers: {
    200: { description: 'They can.', schema: healthSchema },
    503: { description: 'Not now.', schema: healthSchema },
  },
  handle: async (_, __, { database, stopping }) => {
    const ok = !stopping.aborted && (await pulse(database));
    return json({ status: ok ? 'ok' : 'unavailable', version }, ok ? 200 : 503);
  },
});
