import { route } from '../route.ts';
import { checksumAlgorithms } from '../storage/uploads.ts';
import { tusExtensions, tusResponse, tusVersion } from '../tus.ts';

export const uploadOptions = route({
  method: 'options',
  path: '/api/uploads',
  summary: 'What of tus this server speaks',
  tag: 'Uploads',
  answers: { 204: { description: 'Headers `Tus-Version`, `Tus-Extension`, `Tus-Max-Size`.' } },
  handle: (_, __, { config }) =>
    tusResponse(204, {
      'tus-version': tusVersion,
      'tus-extension': tusExtensions,
      'tus-checksum-algorithm': checksumAlgorithms.join(','),
      'tus-max-size': String(config.clip.bytes),
    }),
});
