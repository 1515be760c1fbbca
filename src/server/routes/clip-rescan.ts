import { errors } from '../../base/errors.ts';
import { acceptRescan, chooseScan } from '../accept.ts';
import { clipSummarySchema, rescanRequestSchema } from '../api.ts';
import { clipRow, summaryOf } from '../documents.ts';
import { json, route } from '../route.ts';
import { senderOf } from '../sender.ts';

export const clipRescan = route({
  method: 'post',
  path: '/api/clips/:id/rescan',
  summary: 'Analyse the same file again, by another detector or at other frames: a clip of its own',
  tag: 'Clips',
  json: rescanRequestSchema,
  answers: {
    201: { description: 'The new clip; the first one names it under `related`.', schema: clipSummarySchema },
    409: { description: 'The file has not been fetched yet.' },
  },
  handle: async (c, { json: body }, services) => {
    const row = await clipRow(services.database, c.req.param('id'));
    if (row.media === null) throw errors.CLIP_NOT_DONE(row.id, row.status);
    const choice = chooseScan(services, {
      sample: row.sample,
      ...body,
      client: senderOf(c),
      trace: c.get('trace'),
    });
    const id = await acceptRescan(services, row, choice);
    return json(summaryOf(await clipRow(services.database, id)), 201, { location: `/api/clips/${id}` });
  },
});
