import { route } from '../route.ts';

export const metrics = route({
  method: 'get',
  path: '/metrics',
  summary: 'Counts and times for Prometheus',
  tag: 'Server',
  answers: { 200: { description: 'Prometheus text format.', type: 'text/plain' } },
  handle: async (_, __, { metrics: { registry } }) =>
    new Response(await registry.metrics(), { headers: { 'content-type': registry.contentType } }),
});
