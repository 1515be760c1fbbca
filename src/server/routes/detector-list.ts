import { detectorListSchema } from '../api.ts';
import { detectorSummary } from '../detector-document.ts';
import { json, route } from '../route.ts';

export const detectorList = route({
  method: 'get',
  path: '/api/detectors',
  summary: 'The detectors that clips can be scanned with',
  tag: 'Detectors',
  answers: { 200: { description: 'All of them.', schema: detectorListSchema } },
  handle: (_, __, { detectors }) => json({ detectors: detectors.all.map(detectorSummary) }),
});
