import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { input } from '../graph/leaves.ts';
import { decodeModel, encodeModel } from '../graph/onnx/proto.ts';
import { initialWeights, Scope } from '../graph/scope.ts';
import { networkNamed } from '../models/index.ts';
import { type Contract, contractKey, contractSchemaName } from './contract.ts';
import { buildDetector, type ContractDraft, loadDetector, normalise } from './detector.ts';
import { goldenPicture } from './golden.ts';

const network = networkNamed('meso4');
const options = network.options.parse({});

const draft: ContractDraft = {
  schema: contractSchemaName,
  name: 'untrained',
  description: 'Random weights, for tests.',
  network: { name: 'meso4', options },
  crop: { kind: 'aligned', margin: 0.25 },
  input: { name: 'image', height: 64, width: 64, mean: [0, 0, 0], deviation: [1, 1, 1] },
  outputs: { score: 'score' },
  aggregation: { frames: { kind: 'mean' }, tracks: 'max' },
  calibration: { kind: 'none' },
  thresholds: { likely: 0.9, notFound: 0.1, basis: 'none' },
  quality: { minFacePixels: 48, minSharpness: 0, minMeshConfidence: 0.5, minFaces: 5, measured: [] },
  training: { data: 'none', terms: 'none', recipe: 'none' },
  figures: [],
  limits: [],
  licence: 'Apache-2.0',
};

let folder: string;
let bytes: Uint8Array;
let contract: Contract;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mesoscope-detector-'));
  const scope = Scope.root('inference');
  network.build(scope, input('image', ['N', 3, 64, 64]), options);
  ({ bytes, contract } = await buildDetector(initialWeights(scope.parameters, 5), draft));
});
afterAll(() => rm(folder, { recursive: true }));

async function file(name: string, content: Uint8Array | string): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, content);
  return path;
}

/** The detector's file with its contract's JSON changed. */
function withContract(change: (json: Record<string, unknown>) => void): Uint8Array {
  const model = decodeModel(bytes);
  const json = structuredClone(contract) as unknown as Record<string, unknown>;
  change(json);
  return encodeModel({ ...model, metadataProps: [{ key: contractKey, value: JSON.stringify(json) }] });
}

describe('a detector file', () => {
  it('carries its contract and scores batches of any size alike', async () => {
    const detector = await loadDetector(await file('good.onnx', bytes));
    expect(detector.contract).toEqual(contract);
    const pictures = [1, 2, 3].map((seed) => goldenPicture(seed, 64, 64));
    const together = await detector.score(pictures);
    for (const [i, picture] of pictures.entries()) {
      const alone = await detector.score([picture]);
      expect(alone.scores[0]).toBeCloseTo(together.scores[i], 5);
    }
    expect(new Set(together.scores).size).toBe(3);
    await detector.close();
  });

  it('refuses a picture of another size', async () => {
    const detector = await loadDetector(await file('good.onnx', bytes));
    await expect(detector.score([goldenPicture(1, 32, 32)])).rejects.toThrow('64x64');
    await detector.close();
  });

  it('is refused when one weight was changed', async () => {
    const model = decodeModel(bytes);
    const weight = model.graph.initializer?.find(({ name }) => name === 'head/output/weight');
    if (!weight?.rawData) throw new Error('the test looks for a weight that is gone');
    const copy = new Float32Array(weight.rawData.slice().buffer);
    copy[3] += 1;
    weight.rawData = new Uint8Array(copy.buffer);
    const path = await file('changed.onnx', encodeModel(model));
    await expect(loadDetector(path)).rejects.toMatchObject({ code: 'DETECTOR_DIFFERS' });
  });

  it('is refused when its preprocessing was changed: the golden vectors go through it', async () => {
    const path = await file(
      'shifted.onnx',
      withContract((json) => {
        (json.input as Contract['input']).mean = [0.5, 0.5, 0.5];
      }),
    );
    await expect(loadDetector(path)).rejects.toMatchObject({ code: 'DETECTOR_DIFFERS' });
  });

  it.each([
    ['an unknown key', (json: Record<string, unknown>) => (json.extra = 1)],
    ['another schema', (json: Record<string, unknown>) => (json.schema = 'mesoscope.detector/9')],
    ['no golden vectors', (json: Record<string, unknown>) => (json.golden = [])],
    ['a score over 1', (json: Record<string, unknown>) => (json.golden = [{ seed: 1, score: 2 }])],
    [
      'thresholds the wrong way round',
      (json: Record<string, unknown>) => (json.thresholds = { likely: 0.1, notFound: 0.9, basis: '' }),
    ],
    ['a path for a name', (json: Record<string, unknown>) => (json.name = '../../etc/passwd')],
  ])('is refused with %s in its contract', async (_, change) => {
    const path = await file('bad.onnx', withContract(change));
    await expect(loadDetector(path)).rejects.toMatchObject({ code: 'DETECTOR_INVALID' });
  });

  it('is refused when it is no detector at all', async () => {
    const { graph, irVersion } = decodeModel(bytes);
    const bare = await file('bare.onnx', encodeModel({ graph, irVersion, opsetImport: [{ version: 21 }] }));
    await expect(loadDetector(bare)).rejects.toMatchObject({ code: 'DETECTOR_INVALID' });
    const text = await file('text.onnx', 'This is no model.');
    await expect(loadDetector(text)).rejects.toMatchObject({ code: 'DETECTOR_INVALID' });
    const cut = await file('cut.onnx', bytes.slice(0, bytes.length >> 1));
    await expect(loadDetector(cut)).rejects.toMatchObject({ code: 'DETECTOR_INVALID' });
    await expect(loadDetector(join(folder, 'none.onnx'))).rejects.toMatchObject({ code: 'DETECTOR_MISSING' });
  });
});

describe('normalise', () => {
  it('gives planes R, G, B as (byte / 255 - mean) / deviation', () => {
    const picture = { width: 2, height: 1, data: Uint8Array.from([0, 51, 255, 255, 102, 0]) };
    const { data, dims } = normalise([picture], {
      name: 'image',
      width: 2,
      height: 1,
      mean: [0, 0.2, 0.5],
      deviation: [1, 1, 0.5],
    });
    expect(dims).toEqual([1, 3, 1, 2]);
    const wanted = [0, 1, 0, 0.2, 1, -1];
    for (const [i, value] of wanted.entries()) expect(data[i]).toBeCloseTo(value, 6);
  });
});
