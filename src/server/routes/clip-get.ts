import { clipSchema } from '../api.ts';
import { clipDocument } from '../documents.ts';
import { json, route } from '../route.ts';

export const clipGet = route({
  method: 'get',
  path: '/api/clips/:id',
  summary: 'One clip with all that is known of it',
  tag: 'Clips',
  answers: {
    200: { description: 'The clip.', schema: clipSchema },
    404: { description: 'There is none of that id.' },
  },
  handle: async (c, _, { database }) => json(await clipDocument(database, c.req.param('id'))),
});
