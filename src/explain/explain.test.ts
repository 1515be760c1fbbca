import { beforeAll, describe, expect, test } from 'vitest';
import { Random } from '../base/random.ts';
import { buildDetector, type ContractDraft } from '../detect/detector.ts';
import { input } from '../graph/leaves.ts';
import { emitOnnx } from '../graph/onnx/emit.ts';
import { initialWeights, Scope } from '../graph/scope.ts';
import { floats, type Tensor, tensor } from '../graph/tensor.ts';
import { networkNamed } from '../models/index.ts';
import { openSession } from '../runtime/session.ts';
import { maximise } from './activation-maximisation.ts';
import { gradCam, saliency } from './grad-cam.ts';
import { firstKernels } from './kernels.ts';
import { meanActivations } from './mean-activations.ts';
import { occlusion } from './occlusion.ts';
import { buildSubject, type SubjectOptions } from './subject.ts';

const side = 32;
const area = side * side;
const network = networkNamed('compact');
const options = network.options.parse({ width: 4, dropout: 0 }) as Record<string, unknown>;
let subject: SubjectOptions;
let weights: Map<string, Tensor>;

const picture = (seed: number) => {
  const random = new Random(seed, 'explain');
  return Float32Array.from({ length: 3 * area }, () => random.uniform(-1, 1));
};

beforeAll(async () => {
  const scope = Scope.root('inference');
  network.build(scope, input('image', ['N', 3, side, side]), options);
  weights = initialWeights(scope.parameters, 2);
  const draft = {
    schema: 'mesoscope.detector/1',
    name: 'explained',
    description: '',
    network: { name: 'compact', options },
    crop: { kind: 'square', scale: 1.3, fill: 'edge' },
    input: { name: 'image', height: side, width: side, mean: [0, 0, 0], deviation: [1, 1, 1] },
    outputs: { score: 'score', map: 'map' },
    aggregation: { frames: { kind: 'mean' }, tracks: 'max' },
    calibration: { kind: 'none' },
    thresholds: { likely: 0.9, notFound: 0.1, basis: '' },
    quality: { minFacePixels: 1, minSharpness: 0, minMeshConfidence: 0, minFaces: 1, measured: [] },
    training: { data: '', terms: '', recipe: '' },
    figures: [],
    limits: [],
    licence: '',
  } satisfies ContractDraft;
  const { bytes } = await buildDetector(weights, draft);
  // As a file is read: a Buffer, whose bytes lie anywhere in its memory.
  subject = { bytes: Buffer.from(bytes), network: draft.network, height: side, width: side };
});

/** The log-odds of single pictures, by the network as it was before it became a file. */
async function logOdds(images: readonly Float32Array[]): Promise<number[]> {
  const image = input('image', ['N', 3, side, side]);
  const { logits } = network.build(Scope.root('inference'), image, options);
  if (!logits) throw new Error('no logits');
  const session = await openSession(emitOnnx({ name: 'x', outputs: { logits }, weights }), { threads: 1 });
  const out: number[] = [];
  for (const one of images) {
    const { logits: result } = await session.run({ image: tensor(one, [1, 3, side, side]) });
    out.push(floats(result)[0]);
  }
  await session.dispose();
  return out;
}

test('the file’s weights are the network’s own', () => {
  const { weights: read, layers } = buildSubject(subject, 1);
  expect([...read.keys()].sort()).toEqual([...weights.keys()].sort());
  for (const [path, { data }] of read) expect([...data]).toEqual([...(weights.get(path) as Tensor).data]);
  expect(layers.length).toBeGreaterThan(5);
  expect(new Set(layers.map(({ path }) => path)).size).toBe(layers.length);
});

test('saliency is the gradient that differences show', async () => {
  const image = picture(1);
  const { planes, width } = await saliency(subject, image, 1);
  expect([planes.length, width]).toEqual([1, side]);
  const h = 2e-2;
  for (const pixel of [5 * side + 7, 16 * side + 16, 29 * side + 3]) {
    const moved = [0, 1, 2].flatMap((channel) =>
      [h, -h].map((step) => {
        const copy = image.slice();
        copy[channel * area + pixel] += step;
        return copy;
      }),
    );
    const values = await logOdds(moved);
    const slopes = [0, 1, 2].map(
      (channel) => Math.abs(values[2 * channel] - values[2 * channel + 1]) / (2 * h),
    );
    expect(planes[0][pixel]).toBeCloseTo(Math.max(...slopes), 2);
  }
});

test('two pictures are explained as each alone, and guided gradients differ from plain ones', async () => {
  const [a, b] = [picture(1), picture(2)];
  const together = new Float32Array(2 * a.length);
  together.set(a);
  together.set(b, a.length);
  for (const of of [saliency, gradCam]) {
    const both = await of(subject, together, 2);
    const second = await of(subject, b, 1);
    const worst = both.planes[1].reduce((most, v, i) => Math.max(most, Math.abs(v - second.planes[0][i])), 0);
    expect(worst).toBeLessThan(1e-4);
    expect(both.planes[0]).not.toEqual(both.planes[1]);
  }
  const plain = await saliency(subject, a, 1);
  const guided = await saliency(subject, a, 1, 'guided');
  expect(guided.planes[0]).not.toEqual(plain.planes[0]);
});

test('Grad-CAM has the layer’s size, is never negative, and refuses a layer that is none', async () => {
  const { layers } = buildSubject(subject, 1);
  const { width, height, planes } = await gradCam(subject, picture(1), 1, layers[0].path);
  expect([width, height]).toEqual([side, side]);
  expect(planes[0].every((value) => value >= 0)).toBe(true);
  expect(planes[0].some((value) => value > 0)).toBe(true);
  await expect(gradCam(subject, picture(1), 1, 'nowhere')).rejects.toThrow('nowhere');
});

describe('activation maximisation', () => {
  test('raises the filter, the same way for the same seed, and stays a picture', async () => {
    const layer = buildSubject(subject, 1).layers[1].path;
    const first = await maximise(subject, { layer, filter: 1, seed: 5, steps: 15 });
    expect(first.after).toBeGreaterThan(1.5 * first.before + 1e-6);
    expect(first.image.every((value) => value >= -1 && value <= 1)).toBe(true);
    const again = await maximise(subject, { layer, filter: 1, seed: 5, steps: 15 });
    expect(again.image).toEqual(first.image);
    const other = await maximise(subject, { layer, filter: 2, seed: 5, steps: 15 });
    expect(other.image).not.toEqual(first.image);
  });

  test('a heavier penalty gives a paler picture', async () => {
    const layer = buildSubject(subject, 1).layers[1].path;
    const strength = async (lambda: number) => {
      const { image } = await maximise(subject, { layer, filter: 1, seed: 5, steps: 25, lambda });
      return image.reduce((sum, value) => sum + value * value, 0);
    };
    expect(await strength(1e6)).toBeLessThan(0.8 * (await strength(0)));
  });
});

test('mean activations: manipulated less real, those filters first that tell them apart', async () => {
  const images = [1, 2, 3, 4].map(picture);
  const labels = [0, 1, 0, 1] as const;
  const filters = await meanActivations(subject, images, labels);
  expect(filters.length).toBe(32);
  for (const { real, manipulated, difference } of filters) {
    expect(difference[0]).toBeCloseTo(manipulated[0] - real[0], 6);
  }
  const effects = filters.map(({ effect }) => effect);
  expect(effects).toEqual([...effects].sort((a, b) => b - a));
  const swapped = await meanActivations(subject, images, [1, 0, 1, 0]);
  expect(swapped[0].filter).toBe(filters[0].filter);
  expect(swapped[0].difference[0]).toBeCloseTo(-filters[0].difference[0], 6);
  await expect(meanActivations(subject, images, [0, 0, 0, 0])).rejects.toThrow('both real and manipulated');
});

test('occlusion finds the part that the score depends on', async () => {
  // The score is the brightness of one 8 x 8 corner, at (16, 8).
  const score = async (images: Float32Array, count: number) =>
    Float32Array.from({ length: count }, (_, k) => {
      let sum = 0;
      for (let y = 8; y < 16; y++) for (let x = 16; x < 24; x++) sum += images[k * 3 * area + y * side + x];
      return sum / 64;
    });
  const image = new Float32Array(3 * area);
  for (let y = 8; y < 16; y++) image.fill(1, y * side + 16, y * side + 24);
  const { drop, width, height, whole } = await occlusion({
    score,
    image,
    width: side,
    height: side,
    cover: 8,
    stride: 8,
  });
  expect([width, height, whole]).toEqual([4, 4, 1]);
  const at = drop.indexOf(Math.max(...drop));
  expect(at).toBe(1 * 4 + 2);
  expect(drop[at]).toBeCloseTo(1 - 64 / area, 4);
  expect(drop.filter((value) => Math.abs(value) > 1e-6)).toHaveLength(1);
});

test('kernels are the first convolution’s weights', () => {
  const kernels = firstKernels(subject);
  expect(kernels.length).toBe(4);
  expect(kernels[0]).toMatchObject({ width: 3, height: 3 });
  const first = [...weights.values()].find(({ dims }) => dims.length === 4) as Tensor;
  expect([...kernels[3].weights]).toEqual([...floats(first)].slice(3 * 27, 4 * 27));
});
