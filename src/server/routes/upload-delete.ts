import { route } from '../route.ts';
import { checkTus, tusResponse, uploadId } from '../tus.ts';

export const uploadDelete = route({
  method: 'delete',
  path: '/api/uploads/:id',
  summary: 'Give an upload up (tus termination); a clip that it became stays',
  tag: 'Uploads',
  answers: { 204: { description: 'Its bytes are gone.' } },
  handle: async (c, _, { uploads }) => {
    checkTus(c);
    await uploads.remove(uploadId(c));
    return tusResponse(204);
  },
});
