import { randomUUID } from 'node:crypto';
import { describe, errors, UserError } from '../../base/errors.ts';
import { acceptUpload, chooseScan } from '../accept.ts';
import { clipSummarySchema, uploadQuerySchema } from '../api.ts';
import { clipRow, summaryOf } from '../documents.ts';
import { json, route } from '../route.ts';
import { senderOf } from '../sender.ts';
import { displayName } from '../storage/names.ts';
import { receiveFile } from '../storage/receive.ts';

export const clipUpload = route({
  method: 'post',
  path: '/api/clips',
  summary: 'Send a file whole; it is scanned in its turn',
  tag: 'Clips',
  query: uploadQuerySchema,
  body: 'application/octet-stream',
  answers: {
    201: { description: 'Taken: it survives whatever happens to the server.', schema: clipSummarySchema },
    413: { description: 'Too large.' },
  },
  handle: async (c, { query }, services) => {
    const { storage, config, database } = services;
    const choice = chooseScan(services, { ...query, client: senderOf(c), trace: c.get('trace') });
    const limit = config.clip.bytes;
    const announced = Number(c.req.header('content-length') ?? 0);
    if (announced > limit) throw errors.UPLOAD_TOO_LARGE(announced, limit);
    await storage.checkSpace(announced);
    const { incoming } = c.env;
    incoming.setTimeout(config.upload.idleSeconds * 1000, () =>
      incoming.destroy(new Error('it fell silent')),
    );
    const upload = randomUUID();
    try {
      const received = await receiveFile(incoming, storage.upload(upload), limit).catch((error) => {
        if (error instanceof UserError || incoming.complete) throw error;
        services.log.tell('upload broken off', { upload, why: describe(error) });
        throw errors.UPLOAD_INCOMPLETE(incoming.socket.bytesRead, announced || 'an unknown number');
      });
      const id = await acceptUpload(services, upload, received, { ...choice, name: displayName(query.name) });
      return json(summaryOf(await clipRow(database, id)), 201, { location: `/api/clips/${id}` });
    } finally {
      await storage.removeUpload(upload);
    }
  },
});
