import { version } from '../../base/version.ts';
import { defaultSampling, formatSampling } from '../../media/sampling.ts';
import { type About, aboutSchema } from '../api.ts';
import { json, route } from '../route.ts';

export const about = route({
  method: 'get',
  path: '/api/about',
  summary: 'What this server is and takes',
  tag: 'Server',
  open: true,
  answers: { 200: { description: 'Version, limits and defaults.', schema: aboutSchema } },
  handle: (c, _, { config, sessions, detectors }) => {
    const document: About = {
      version,
      limits: {
        uploadBytes: config.clip.bytes,
        clipSeconds: config.clip.seconds,
        framePixels: config.clip.pixels,
        sampledFrames: config.clip.sampledFrames,
        chunkBytes: config.upload.chunkBytes,
      },
      defaultDetector: detectors.default,
      defaultSample: formatSampling(defaultSampling),
      tokenRequired: sessions.required,
      signedIn: c.get('signedIn'),
      runs: config.runs !== undefined,
      work: config.database !== undefined,
      urls: config.url.enabled,
    };
    return json(document);
  },
});
