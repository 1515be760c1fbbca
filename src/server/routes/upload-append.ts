import { describe, errors, UserError } from '../../base/errors.ts';
import { clipHeader } from '../api.ts';
import { route } from '../route.ts';
import { checkTus, countOf, parseChecksum, tusResponse, uploadId } from '../tus.ts';

export const uploadAppend = route({
  method: 'patch',
  path: '/api/uploads/:id',
  summary: 'Send the next piece (tus); the last one makes the clip',
  tag: 'Uploads',
  headers: {
    'Tus-Resumable': '1.0.0',
    'Upload-Offset': 'where the piece starts',
    'Upload-Checksum': 'optional: sha256, sha1 or md5, and the digest in base64',
  },
  body: 'application/offset+octet-stream',
  answers: {
    204: { description: `\`Upload-Offset\`, and ${clipHeader} where the upload is complete.` },
    409: { description: 'The piece starts elsewhere than the upload ends.' },
    460: { description: 'The checksum differs; nothing of the piece was kept.' },
  },
  handle: async (c, _, services) => {
    checkTus(c);
    if (c.req.header('content-type') !== 'application/offset+octet-stream') {
      throw errors.REQUEST_INVALID('the content type must be application/offset+octet-stream');
    }
    const { uploads, config, log } = services;
    const id = uploadId(c);
    const { incoming } = c.env;
    incoming.setTimeout(config.upload.idleSeconds * 1000, () =>
      incoming.destroy(new Error('it fell silent')),
    );
    const piece = {
      offset: countOf(c, 'Upload-Offset'),
      body: incoming,
      checksum: parseChecksum(c.req.header('upload-checksum')),
    };
    const offset = await uploads.append(id, piece).catch((error) => {
      if (error instanceof UserError || incoming.complete) throw error;
      log.tell('upload broken off', { upload: id, why: describe(error) });
      throw errors.UPLOAD_INCOMPLETE(piece.offset, 'its length');
    });
    const clip = await uploads.finish(services, id, c.get('trace'));
    return tusResponse(204, {
      'upload-offset': String(offset),
      ...(clip ? { [clipHeader]: clip } : { 'upload-expires': uploads.expiresAt().toUTCString() }),
    });
  },
});
