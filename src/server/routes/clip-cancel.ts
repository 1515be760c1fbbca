import { clipSummarySchema } from '../api.ts';
import { cancel } from '../database/steps.ts';
import { clipRow, summaryOf } from '../documents.ts';
import { json, route } from '../route.ts';

export const clipCancel = route({
  method: 'post',
  path: '/api/clips/:id/cancel',
  summary: 'Stop waiting for a clip, or scanning it; a finished one stays as it is',
  tag: 'Clips',
  answers: { 200: { description: 'The clip as it is now.', schema: clipSummarySchema } },
  handle: async (c, _, { database, queue, runner, changes, storage }) => {
    const row = await clipRow(database, c.req.param('id'));
    if (await cancel(database, queue, row)) {
      await runner.abandon(row.id);
      await storage.removeClip(row.id);
      changes.changed(row.id);
    }
    return json(summaryOf(await clipRow(database, row.id)));
  },
});
