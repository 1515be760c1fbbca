import { detectorSchema } from '../api.ts';
import { detectorDocument } from '../detector-document.ts';
import { json, route } from '../route.ts';

export const detectorGet = route({
  method: 'get',
  path: '/api/detectors/:name',
  summary: "A detector's contract and card",
  tag: 'Detectors',
  answers: {
    200: { description: 'The detector.', schema: detectorSchema },
    404: { description: 'There is none of that name.' },
  },
  handle: (c, _, { detectors }) => json(detectorDocument(detectors.named(c.req.param('name')))),
});
