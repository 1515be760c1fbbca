import { evidenceBundle } from '../evidence-bundle.ts';
import { route } from '../route.ts';

export const clipEvidence = route({
  method: 'get',
  path: '/api/clips/:id/evidence',
  summary: 'All of an analysis in one file: result, report, crops, maps, contract, hashes, replay command',
  tag: 'Clips',
  answers: {
    200: { description: 'A zip file.', type: 'application/zip' },
    409: { description: 'The clip is not done.' },
  },
  handle: async (c, _, services) => {
    const { bytes, name } = await evidenceBundle(services, c.req.param('id'));
    return new Response(bytes, {
      headers: {
        'content-type': 'application/zip',
        'cache-control': 'private, no-cache',
        'content-disposition': `attachment; filename="${name}"`,
      },
    });
  },
});
