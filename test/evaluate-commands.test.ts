/** `mesoscope evaluate` and `mesoscope model calibrate` from a folder of faces to a record, a page and a contract. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Random } from '../src/base/random.ts';
import { formatManifest, type Item } from '../src/data/manifest.ts';
import { detectorPath } from '../src/detect/bundled.ts';
import { contractSchemaName } from '../src/detect/contract.ts';
import { buildDetector, loadDetector, readContract } from '../src/detect/detector.ts';
import type { Evaluation } from '../src/experiments/evaluate.ts';
import { input } from '../src/graph/leaves.ts';
import { initialWeights, Scope } from '../src/graph/scope.ts';
import { encodeMask, encodePng } from '../src/media/image.ts';
import type { Picture } from '../src/media/types.ts';
import { auc } from '../src/metrics/roc.ts';
import { networkNamed } from '../src/models/index.ts';
import { readOnnxWeights } from '../src/models/weights/onnx.ts';
import { command } from './command.ts';
import { fakeScanner } from './fake-scanner.ts';

const side = 32;
let root: string;

const run = (...args: string[]) => command(args, { openScanner: async () => fakeScanner() });

/** Random blobs: no two alike, and not so wild that a network saturates. */
function picture(seed: number): Picture {
  const random = new Random(seed, 'picture');
  const [r, g, b] = [random.integer(20, 235), random.integer(20, 235), random.integer(20, 235)];
  const data = new Uint8Array(side * side * 3);
  for (let p = 0; p < side * side; p++) {
    const wave = 20 * Math.sin((p % side) / (1 + (seed % 5))) + 15 * Math.cos(p / side / (1 + (seed % 3)));
    data.set(
      [r + wave, g - wave, b + wave / 2].map((value) => Math.max(0, Math.min(255, value))),
      p * 3,
    );
  }
  return { width: side, height: side, data };
}

const count = 40;
let scores: number[];

beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'mesoscope-evaluate-'));
  for (const seed of [3, 4]) {
    const network = networkNamed('compact');
    const options = network.options.parse({ width: 4, dropout: 0 });
    const scope = Scope.root('inference');
    network.build(scope, input('image', ['N', 3, side, side]), options);
    const { bytes } = await buildDetector(initialWeights(scope.parameters, seed), {
      schema: contractSchemaName,
      name: `random-${seed}`,
      description: 'Random weights, for tests.',
      network: { name: 'compact', options: options as Record<string, unknown> },
      crop: { kind: 'square', scale: 1.3, fill: 'edge' },
      input: { name: 'image', height: side, width: side, mean: [0.5, 0.5, 0.5], deviation: [0.5, 0.5, 0.5] },
      outputs: { score: 'score', map: 'map' },
      aggregation: { frames: { kind: 'mean' }, tracks: 'max' },
      calibration: { kind: 'none' },
      thresholds: { likely: 0.9, notFound: 0.1, basis: 'none' },
      quality: { minFacePixels: 48, minSharpness: 0, minMeshConfidence: 0.5, minFaces: 5, measured: [] },
      training: { data: 'none', terms: 'none', recipe: 'none' },
      figures: [],
      limits: [],
      licence: 'Apache-2.0',
    });
    writeFileSync(join(root, `${seed}.onnx`), bytes);
  }
  const detector = await loadDetector(join(root, '3.onnx'));
  const pictures = Array.from({ length: count }, (_, i) => picture(i));
  scores = [...(await detector.score(pictures)).scores];
  await detector.close();
  // Labels follow the first detector's own scores, with some on the wrong side.
  const order = scores.map((_, i) => i).sort((a, b) => scores[a] - scores[b]);
  const items: Item[] = [];
  for (const [rank, i] of order.entries()) {
    const label = (rank % 7 === 3 ? rank < count / 2 : rank >= count / 2) ? 1 : 0;
    writeFileSync(join(root, `${i}.png`), await encodePng(pictures[i]));
    const mask = new Uint8Array(side * side).fill(label ? 255 : 0, 0, (side * side) / 2);
    writeFileSync(join(root, `${i}-mask.png`), await encodeMask({ width: side, height: side, data: mask }));
    items.push({
      id: `${i}`,
      file: `${i}.png`,
      label,
      method: label ? (rank % 2 ? 'swap' : 'warp') : 'original',
      videoId: `v${i}`,
      sourceId: `s${i}`,
      mask: `${i}-mask.png`,
    });
  }
  items.push({ id: 'broken', file: 'broken.png', label: 0, method: 'original', videoId: 'b', sourceId: 'b' });
  writeFileSync(join(root, 'broken.png'), 'no picture at all');
  writeFileSync(join(root, 'manifest.csv'), formatManifest(items, 'csv'));
}, 60_000);
afterAll(() => rmSync(root, { recursive: true, force: true }));

const at = (name: string) => join(root, name);

describe('evaluate', () => {
  let evaluation: Evaluation;
  let html: string;
  let told: Awaited<ReturnType<typeof run>>;
  beforeAll(async () => {
    told = await run(
      ...['evaluate', '--data', root, '--detector', at('3.onnx'), '--detector', at('4.onnx')],
      ...['--conditions', 'as-is,crf-40', '--out', at('out'), '--quiet'],
    );
    evaluation = JSON.parse(readFileSync(at('out/evaluation.json'), 'utf8'));
    html = readFileSync(at('out/evaluation.html'), 'utf8');
  }, 120_000);

  test('scores every picture as the detector itself does, and none that cannot be read', () => {
    expect(told.code).toBe(0);
    const [{ conditions }] = evaluation.detectors;
    expect(conditions.map(({ condition }) => condition)).toEqual(['as-is', 'crf-40']);
    const [asIs, crf40] = conditions;
    expect(asIs.scores).toHaveLength(count);
    for (const { id, score } of asIs.scores) expect(score).toBeCloseTo(scores[Number(id)], 5);
    expect(asIs.skipped).toEqual([expect.objectContaining({ id: 'broken', file: 'broken.png' })]);
    expect(asIs.pictures.auc?.value).toBeCloseTo(
      auc({
        labels: asIs.scores.map(({ label }) => label),
        scores: asIs.scores.map(({ score }) => score),
      }) as number,
      10,
    );
    expect(asIs.pictures.auc?.value).toBeGreaterThan(0.6);
    expect(Object.keys(asIs.methods)).toEqual(['swap', 'warp']);
    expect(crf40.scores.some(({ score }, i) => Math.abs(score - asIs.scores[i].score) > 1e-4)).toBe(true);
    expect(told.stderr).toContain('1 items have no score');
  });

  test('compares the detectors on the same pictures', () => {
    const [first] = evaluation.comparisons;
    expect(first).toMatchObject({ first: 'random-3', second: 'random-4', condition: 'as-is' });
    const area = (k: number) => evaluation.detectors[k].conditions[0].pictures.auc?.value as number;
    expect(first.auc.value).toBeCloseTo(area(0) - area(1), 10);
    expect(first.auc.low).toBeLessThanOrEqual(first.auc.value);
  });

  test('holds the map against the masks', () => {
    const map = evaluation.detectors[0].conditions[0].map;
    expect(map?.pixelAccuracy).toBeGreaterThan(0);
    expect(map?.meanIou).toBeLessThan(1);
  });

  test('the page shows figures, curves and the worst mistakes, and asks for nothing', () => {
    expect(html).toContain('Worst false alarms');
    // A face and the map over it, for twelve of each class.
    expect(html.match(/<img src="data:image\/jpeg;base64[^>]*alt="face /g)?.length).toBe(24);
    expect(html.match(/<img src="data:image\/jpeg;base64[^>]*alt="map over face /g)?.length).toBe(24);
    expect(html).toMatch(/[\d.]+ faces a second, \d+ % of the machine busy/);
    expect(html.match(/<svg/g)?.length).toBeGreaterThanOrEqual(4);
    expect(html).toContain('--conditions as-is,crf-40');
    expect(html).not.toMatch(/<script|https?:\/\/(?!www\.w3\.org)/);
  });

  test('one side of a recipe’s split alone', async () => {
    const recipe = at('recipe.json');
    writeFileSync(
      recipe,
      JSON.stringify({
        schema: 'mesoscope.recipe/1',
        name: 'split',
        data: {
          layout: 'manifest',
          path: '.',
          split: { seed: 1, shares: { train: 0.5, validation: 0, test: 0.5 } },
          terms: 'test',
        },
        network: { name: 'meso4' },
        loss: { kind: 'mean-squared-error' },
        optimiser: { kind: 'adam' },
        schedule: { kind: 'constant', rate: 0.001 },
        steps: 1,
        batchSize: 2,
      }),
    );
    const sides: string[][] = [];
    for (const name of ['train', 'test']) {
      const { code, stdout, stderr } = await run(
        ...['evaluate', '--data', root, '--detector', at('3.onnx'), '--split-of', recipe],
        ...['--side', name, '--json', '--quiet'],
      );
      expect(code, stderr).toBe(0);
      sides.push((JSON.parse(stdout) as Evaluation).detectors[0].conditions[0].scores.map(({ id }) => id));
    }
    expect(sides[0].filter((id) => sides[1].includes(id))).toEqual([]);
    expect(sides.flat()).toHaveLength(count);
  });

  test.each([
    [['--conditions', 'as-is,crf-99'], 'crf-99'],
    [['--conditions', 'blur,blur'], 'at most once'],
    [['--detector', 'no-such-detector'], 'no-such-detector'],
  ])('%j is refused by name', async (args, words) => {
    const { code, stderr } = await run('evaluate', '--data', root, ...args);
    expect(code).not.toBe(0);
    expect(stderr).toContain(words);
  });
});

describe('model calibrate', () => {
  test('writes rates into the contract; the network’s own numbers stay', async () => {
    const { code, stdout, stderr } = await run(
      ...['model', 'calibrate', at('3.onnx'), '--data', root, '-o', at('new/c.onnx'), '--name', 'calibrated'],
      ...['--conditions', 'as-is,half-size', '--false-alarms', '0.1', '--misses', '0.2', '--quiet'],
    );
    expect(code, stderr).toBe(0);
    expect(stdout).toContain('as the set has them');
    const detector = await loadDetector(at('new/c.onnx'));
    const { contract } = detector;
    const { scores: after } = await detector.score([picture(0)]);
    await detector.close();
    expect(after[0]).toBeCloseTo(scores[0], 6);
    expect(contract.name).toBe('calibrated');
    expect(contract.calibration.kind).toBe('platt');
    expect(contract.quality.measured.map(({ condition, tracks }) => [condition, tracks])).toEqual([
      ['as the set has them', count],
      ['shrunk to a half', count],
    ]);
    expect(contract.thresholds.basis).toContain('10 %');
    const before = readContract('3.onnx', readFileSync(at('3.onnx')));
    expect(contract.golden).toEqual(before.golden);
  });

  test('is refused without manipulated faces, and with shares that are none', async () => {
    const lines = readFileSync(at('manifest.csv'), 'utf8').split('\n');
    writeFileSync(
      at('reals.csv'),
      lines.filter((line, i) => i === 0 || !line.includes('manipulated')).join('\n'),
    );
    const args = ['model', 'calibrate', at('3.onnx'), '-o', at('x.onnx'), '--quiet', '--conditions', 'as-is'];
    const reals = await run(...args, '--data', at('reals.csv'));
    expect(reals.code).toBe(1);
    expect(reals.stderr).toContain('both real and manipulated');
    const share = await run(...args, '--data', root, '--misses', '70');
    expect(share.code).toBe(2);
    expect(share.stderr).toContain('--misses 70');
  });
});

describe('explain', () => {
  test('writes a page of faces, filters and kernels', async () => {
    const page = at('explanation.html');
    const args = [
      'explain',
      at('3.onnx'),
      '--data',
      at('whole.csv'),
      '--faces',
      '4',
      '--filters',
      '2',
      '--average',
      '8',
    ];
    const lines = readFileSync(at('manifest.csv'), 'utf8').split('\n');
    writeFileSync(at('whole.csv'), lines.filter((line) => !line.includes('broken')).join('\n'));
    const { code, stderr } = await run(...args, '--out', page, '--quiet');
    expect(code, stderr).toBe(0);
    const html = readFileSync(page, 'utf8');
    expect(html.match(/<h3>Filter \d+/g)).toHaveLength(2);
    expect(html.match(/<h3>(?:Real|Manipulated)/g)).toHaveLength(4);
    // Six pictures a face, the map among them; four a filter; four kernels.
    expect(html.match(/<img src="data:image\/png;base64/g)).toHaveLength(4 * 6 + 2 * 4 + 4);
    expect(html).not.toContain('<script');
    const wrong = await run(...args, '--layer', 'nowhere', '--out', page, '--quiet');
    expect(wrong.code).toBe(2);
    expect(wrong.stderr).toContain('sixteenth');
  });
});

describe('model average', () => {
  const weightsOf = (file: string) => {
    const contract = readContract(file, readFileSync(file));
    const network = networkNamed('compact');
    const scope = Scope.root('inference');
    network.build(
      scope,
      input('image', ['N', 3, side, side]),
      network.options.parse(contract.network.options),
    );
    return readOnnxWeights(
      readFileSync(file),
      scope.parameters.map(({ path }) => path),
    );
  };

  test('lies between the two as asked, unmeasured, and loads', async () => {
    const { code, stderr } = await run(
      ...[
        'model',
        'average',
        at('3.onnx'),
        at('4.onnx'),
        '--parts',
        '1,3',
        '--name',
        'between',
        '-o',
        at('b.onnx'),
      ],
    );
    expect(code, stderr).toBe(0);
    const [a, b, mean] = ['3', '4', 'b'].map((name) => weightsOf(at(`${name}.onnx`)));
    for (const [path, { data }] of mean) {
      for (const k of [0, data.length - 1]) {
        const [x, y] = [a.get(path)?.data[k] as number, b.get(path)?.data[k] as number];
        expect(data[k]).toBeCloseTo(0.25 * x + 0.75 * y, 6);
      }
    }
    const detector = await loadDetector(at('b.onnx'));
    expect(detector.contract).toMatchObject({ name: 'between', calibration: { kind: 'none' }, figures: [] });
    expect(detector.contract.description).toContain('random-3 (0.25) and random-4 (0.75)');
    await detector.close();
  });

  test('is refused for another network, and for parts that do not fit', async () => {
    const other = detectorPath('mesoinception4-dfdc-pairs');
    const mixed = await run('model', 'average', at('3.onnx'), other, '--name', 'x', '-o', at('x.onnx'));
    expect(mixed.code).toBe(1);
    expect(mixed.stderr).toContain('its network is not that of');
    const parts = await run(
      ...['model', 'average', at('3.onnx'), at('4.onnx'), '--parts', '1', '--name', 'x', '-o', at('x.onnx')],
    );
    expect(parts.code).toBe(2);
  });
});
