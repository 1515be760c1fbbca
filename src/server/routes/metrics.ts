import { route } from '../route.ts';

export const metrics = route({
  method: 'get',
  path: '/metrics',
  summary: 'Counts and times for Prometheus',
  tag: 'Server',
  answers: { 200: { description: 'Prometheus text format.', type: 'text/plain' } },
  handle: async (_, __, { metrics }) =>
    new Response(await metrics.text(), { headers: { 'content-type': metrics.registry.contentType } }),
});
