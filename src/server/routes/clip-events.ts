import { clipRow } from '../documents.ts';
import { clipEvents as stream } from '../events.ts';
import { route } from '../route.ts';

export const clipEvents = route({
  method: 'get',
  path: '/api/clips/:id/events',
  summary: 'Live states of one clip; the stream ends after the last',
  tag: 'Events',
  headers: { 'Last-Event-ID': 'id of the last event received; 204 where nothing more will come' },
  answers: {
    200: { description: 'Events `state` (a ClipSummary) and `gone`.', type: 'text/event-stream' },
    204: { description: 'The last state was received already.' },
  },
  handle: async (c, _, services) => stream(c, services, await clipRow(services.database, c.req.param('id'))),
});
