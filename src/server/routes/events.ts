import { allEvents } from '../events.ts';
import { route } from '../route.ts';

export const events = route({
  method: 'get',
  path: '/api/events',
  summary: 'Live states of all clips in one stream',
  tag: 'Events',
  headers: { 'Last-Event-ID': 'id of the last event received: what changed since is sent first' },
  answers: { 200: { description: 'Events `state` and `gone`.', type: 'text/event-stream' } },
  handle: (c, _, services) => allEvents(c, services),
});
