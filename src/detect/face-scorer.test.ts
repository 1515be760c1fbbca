import { expect, test } from 'vitest';
import type { Face } from '../faces/types.ts';
import type { Frame } from '../media/types.ts';
import { contractSchema } from './contract.ts';
import { FaceScorer } from './face-scorer.ts';
import type { Detector } from './open-detector.ts';
import { Stopwatch } from './stopwatch.ts';

const contract = contractSchema.parse({
  schema: 'mesoscope.detector/1',
  name: 'sample',
  description: '',
  network: { name: 'meso4', options: {} },
  crop: { kind: 'square', scale: 1.3, fill: 'edge' },
  input: { name: 'image', height: 32, width: 32, mean: [0, 0, 0], deviation: [1, 1, 1] },
  outputs: { score: 'score' },
  aggregation: { frames: { kind: 'mean' }, tracks: 'max' },
  calibration: { kind: 'none' },
  thresholds: { likely: 0.9, notFound: 0.1, basis: 'none' },
  quality: { minFacePixels: 40, minSharpness: 0, minMeshConfidence: 0.5, minFaces: 1, measured: [] },
  training: { data: '', terms: '', recipe: '' },
  figures: [],
  limits: [],
  licence: '',
  golden: [{ seed: 1, score: 0.5 }],
});
const detector = {
  contract,
  score: async (pictures: readonly unknown[]) => ({ scores: new Float32Array(pictures.length).fill(0.25) }),
} as unknown as Detector;

const frame = (index: number): Frame =>
  ({
    index,
    timeSeconds: index / 10,
    width: 128,
    height: 128,
    data: new Uint8Array(128 * 128 * 3),
  }) as Frame;

function face(width: number, meshConfidence = 1): Face {
  const box = { x: 20, y: 20, width, height: width };
  return { box, meshConfidence, score: 1, mesh: [], points: [] } as unknown as Face;
}

test('what is seen and not scored is told in stretches, with the reason', async () => {
  const scorer = new FaceScorer(detector, new Stopwatch());
  // Two people at once: one's stretch does not end the other's.
  const small = [10, 12, 60, 14, 15, 60];
  for (const [index, width] of small.entries()) {
    await scorer.add(frame(index), [
      { trackId: 1, face: face(width) },
      { trackId: 2, face: face(60, index < 3 ? 0.1 : 1) },
    ]);
  }
  await scorer.add(frame(6), [{ trackId: 1, face: face(60, 0.1) }]);
  await scorer.add(frame(7), [{ trackId: 1, face: face(9) }]);
  await scorer.finish();
  expect(scorer.unscored(1)).toEqual([
    { reason: 'face too small', startSeconds: 0, endSeconds: 0.1, faces: 2 },
    { reason: 'face too small', startSeconds: 0.3, endSeconds: 0.4, faces: 2 },
    { reason: 'face turned away or hidden', startSeconds: 0.6, endSeconds: 0.6, faces: 1 },
    { reason: 'face too small', startSeconds: 0.7, endSeconds: 0.7, faces: 1 },
  ]);
  expect(scorer.unscored(2)).toEqual([
    { reason: 'face turned away or hidden', startSeconds: 0, endSeconds: 0.2, faces: 3 },
  ]);
  expect(scorer.track(1).frames.map(({ frameIndex }) => frameIndex)).toEqual([2, 5]);
  expect(scorer.dropped).toContainEqual({ reason: 'face too small', count: 5 });
});
