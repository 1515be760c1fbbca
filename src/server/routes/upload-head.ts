import { clipHeader } from '../api.ts';
import { route } from '../route.ts';
import { checkTus, tusResponse, uploadId } from '../tus.ts';

export const uploadHead = route({
  method: 'head',
  path: '/api/uploads/:id',
  summary: 'How far an upload is (tus)',
  tag: 'Uploads',
  answers: {
    200: { description: `\`Upload-Offset\`, \`Upload-Length\`, and ${clipHeader} once it is complete.` },
    404: { description: 'Unknown or expired.' },
  },
  handle: async (c, _, services) => {
    checkTus(c);
    const id = uploadId(c);
    const { offset, length } = await services.uploads.find(id);
    // The answer to the last piece may have been lost, or the server with it.
    const clip = offset === length ? await services.uploads.finish(services, id) : undefined;
    return tusResponse(200, {
      'upload-offset': String(offset),
      'upload-length': String(length),
      ...(clip ? { [clipHeader]: clip } : { 'upload-expires': services.uploads.expiresAt().toUTCString() }),
    });
  },
});
