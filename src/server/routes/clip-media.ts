import { errors } from '../../base/errors.ts';
import { clipRow } from '../documents.ts';
import { route } from '../route.ts';
import { fileResponse } from '../storage/send.ts';

export const clipMedia = route({
  method: 'get',
  path: '/api/clips/:id/media',
  summary: 'The file, as it was sent; players ask for ranges of it',
  tag: 'Clips',
  headers: { Range: 'bytes=FIRST-LAST, one range' },
  answers: {
    200: { description: 'All of it.', type: 'application/octet-stream' },
    206: { description: 'The range.', type: 'application/octet-stream' },
    416: { description: 'The range lies outside the file.' },
  },
  handle: async (c, _, { database, storage }) => {
    const row = await clipRow(database, c.req.param('id'));
    if (row.media === null) throw errors.CLIP_NOT_DONE(row.id, row.status);
    const file = await storage.openMedia(row.media);
    if (!file) throw errors.CLIP_FILE_GONE(row.id);
    return fileResponse(file, {
      type: row.media_type ?? 'application/octet-stream',
      range: c.req.header('range'),
      ifRange: c.req.header('if-range'),
      head: c.req.method === 'HEAD',
      tag: `"${row.sha256}"`,
      name: row.name,
    });
  },
});
