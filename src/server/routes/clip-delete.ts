import { errors } from '../../base/errors.ts';
import { deleteClip } from '../database/clips.ts';
import { clipId } from '../documents.ts';
import { route } from '../route.ts';

export const clipDelete = route({
  method: 'delete',
  path: '/api/clips/:id',
  summary: 'Remove a clip from disk and database: file, pictures, reports and row',
  tag: 'Clips',
  answers: {
    204: { description: 'It is gone. The file stays where another analysis of it is kept.' },
    404: { description: 'There is none of that id.' },
  },
  handle: async (c, _, { database, queue, runner, storage, changes }) => {
    const id = clipId(c.req.param('id'));
    const gone = await database.transaction(async (queries) => {
      const row = await deleteClip(queries, id);
      if (row?.job) await queue.remove(queries, row.status === 'fetching' ? 'fetch' : 'analyse', row.job);
      return row;
    });
    if (!gone) throw errors.CLIP_UNKNOWN(id);
    await database.flush();
    // Whoever still writes for it is ended first, so that nothing appears after the removal.
    await runner.abandon(id);
    await storage.removeClip(id);
    if (gone.media) await storage.removeMedia(gone.media);
    changes.gone(id);
    return c.body(null, 204);
  },
});
