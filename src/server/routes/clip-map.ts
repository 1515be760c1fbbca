import { route } from '../route.ts';
import { artefact } from '../storage/artefact-names.ts';
import { pictureResponse } from '../storage/artefact-response.ts';

export const clipMap = route({
  method: 'get',
  path: '/api/clips/:id/maps/:file{[0-9]{1,6}\\.png}',
  summary: 'Where in a face the score comes from; transparent, to be laid over its region',
  tag: 'Clips',
  answers: {
    200: { description: 'The picture.', type: 'image/png' },
    404: { description: 'There is none of that number.' },
  },
  handle: (c, _, services) => {
    const n = Number.parseInt(c.req.param('file') ?? '', 10);
    return pictureResponse(services, c.req.param('id'), artefact.map(n), 'image/png');
  },
});
