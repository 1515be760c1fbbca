import { errors } from '../../base/errors.ts';
import { clipListSchema, clipQuerySchema } from '../api.ts';
import { listClips } from '../database/clips.ts';
import { summaryOf } from '../documents.ts';
import { json, route } from '../route.ts';

export const clipList = route({
  method: 'get',
  path: '/api/clips',
  summary: 'The history, newest first',
  tag: 'Clips',
  query: clipQuerySchema,
  answers: { 200: { description: 'A page of it.', schema: clipListSchema } },
  handle: async (_, { query }, { database }) => {
    const { before, limit, ...filters } = query;
    if (before !== undefined && !/^\d{1,15}$/.test(before)) {
      throw errors.REQUEST_INVALID('query.before is no `next` of a page');
    }
    const { rows, total } = await listClips(database, {
      ...filters,
      limit,
      before: before === undefined ? undefined : Number(before),
    });
    const shown = rows.slice(0, limit);
    const next = rows.length > limit ? String(shown[shown.length - 1].number) : null;
    return json({ clips: shown.map(summaryOf), next, total });
  },
});
