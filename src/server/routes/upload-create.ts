import { errors } from '../../base/errors.ts';
import { chooseScan } from '../accept.ts';
import { uploadQuerySchema } from '../api.ts';
import { route } from '../route.ts';
import { senderOf } from '../sender.ts';
import { displayName } from '../storage/names.ts';
import { checkTus, countOf, parseMetadata, tusResponse } from '../tus.ts';

export const uploadCreate = route({
  method: 'post',
  path: '/api/uploads',
  summary: 'Begin a resumable upload (tus 1.0.0)',
  tag: 'Uploads',
  headers: {
    'Tus-Resumable': '1.0.0',
    'Upload-Length': 'bytes of the file',
    'Upload-Metadata': 'filename, detector, sample, priority: `key base64`, comma between',
  },
  answers: {
    201: { description: 'Send pieces to the address in `Location`.' },
    413: { description: 'Too large.' },
  },
  handle: async (c, _, services) => {
    checkTus(c);
    const length = countOf(c, 'Upload-Length');
    const { filename, detector, sample, priority } = parseMetadata(c.req.header('upload-metadata') ?? '');
    const parsed = uploadQuerySchema.safeParse({ name: filename, detector, sample, priority });
    if (!parsed.success) {
      const { path, message } = parsed.error.issues[0];
      throw errors.REQUEST_INVALID(`Upload-Metadata ${path.join('.')}: ${message}`);
    }
    const asked = { ...parsed.data, client: senderOf(c) };
    const choice = { ...chooseScan(services, asked), name: displayName(parsed.data.name) };
    const id = await services.uploads.create(length, choice);
    return tusResponse(201, {
      location: `/api/uploads/${id}`,
      'upload-expires': services.uploads.expiresAt().toUTCString(),
    });
  },
});
