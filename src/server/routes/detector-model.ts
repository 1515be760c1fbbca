import { createReadStream } from 'node:fs';
import { route } from '../route.ts';
import { fileResponse } from '../storage/send.ts';

export const detectorModel = route({
  method: 'get',
  path: '/api/detectors/:name/model.onnx',
  summary: 'The file of a detector, which pages infer with themselves',
  tag: 'Detectors',
  answers: { 200: { description: 'ONNX.', type: 'application/octet-stream' } },
  handle: (c, _, { detectors }) => {
    const { path, bytes, sha256, name } = detectors.named(c.req.param('name'));
    const stream = (start: number, end: number) => createReadStream(path, { start, end });
    return fileResponse(
      { size: bytes, stream },
      {
        type: 'application/octet-stream',
        range: c.req.header('range'),
        ifRange: c.req.header('if-range'),
        head: c.req.method === 'HEAD',
        tag: `"${sha256}"`,
        name: `${name}.onnx`,
      },
    );
  },
});
