import { route } from '../route.ts';
import { artefact } from '../storage/artefact-names.ts';
import { pictureResponse } from '../storage/artefact-response.ts';

export const clipCrop = route({
  method: 'get',
  path: '/api/clips/:id/crops/:file{[0-9]{1,6}\\.jpg}',
  summary: 'A face as the detector saw it',
  tag: 'Clips',
  answers: {
    200: { description: 'The picture.', type: 'image/jpeg' },
    404: { description: 'There is none of that number.' },
  },
  handle: (c, _, services) => {
    const n = Number.parseInt(c.req.param('file') ?? '', 10);
    return pictureResponse(services, c.req.param('id'), artefact.crop(n), 'image/jpeg');
  },
});
