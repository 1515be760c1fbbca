import { describe, expect, test } from 'vitest';
import { type Contract, contractSchema } from '../detect/contract.ts';
import { calibrate } from '../detect/verdict.ts';
import { logLoss } from '../metrics/log-loss.ts';
import { calibrateContract, ratesAt, thresholdsAt } from './calibrate.ts';
import { conditions } from './conditions.ts';
import { byVideo, figuresByMethod, figuresOf, scoredOf, type Unit } from './figures.ts';
import type { ScoredItem } from './score-items.ts';

const contract: Contract = contractSchema.parse({
  schema: 'mesoscope.detector/1',
  name: 'sample',
  description: '',
  network: { name: 'meso4', options: {} },
  crop: { kind: 'square', scale: 1.3, fill: 'edge' },
  input: { name: 'image', height: 128, width: 128, mean: [0, 0, 0], deviation: [1, 1, 1] },
  outputs: { score: 'score' },
  aggregation: { frames: { kind: 'mean' }, tracks: 'max' },
  calibration: { kind: 'none' },
  thresholds: { likely: 0.9, notFound: 0.1, basis: 'none' },
  quality: { minFacePixels: 48, minSharpness: 0, minMeshConfidence: 0.5, minFaces: 5, measured: [] },
  training: { data: '', terms: '', recipe: '' },
  figures: [],
  limits: [],
  licence: '',
  golden: [{ seed: 1, score: 0.5 }],
});

function row(id: number, label: 0 | 1, raw: number, video = `v${id}`, method = label ? 'swap' : 'original') {
  const item = { id: `${id}`, file: `${id}.png`, label, method, videoId: video, sourceId: video };
  return { item, raw, score: calibrate(raw, contract) } satisfies ScoredItem;
}

/** 100 real and 100 manipulated videos whose scores are far too sure, and overlap. */
const overlapping = Array.from({ length: 200 }, (_, k) => {
  const label = (k % 2) as 0 | 1;
  const logit = ((k >> 1) - 49.5) / 10 + (label ? 2 : -2);
  return row(k, label, 1 / (1 + Math.exp(-2 * logit)));
});

describe('figures', () => {
  test('a video is its frames’ mean, and two labels of one video are two units', () => {
    const rows = [row(1, 0, 0.2, 'a'), row(2, 0, 0.4, 'a'), row(3, 1, 0.9, 'a'), row(4, 1, 0.7, 'b')];
    const units = byVideo(rows, contract);
    expect(units.map(({ label, score }) => [label, Number(score.toFixed(9))])).toEqual([
      [0, 0.3],
      [1, 0.9],
      [1, 0.7],
    ]);
  });

  test('each method stands against all real items, and a class that is absent gives no AUC', () => {
    const unit = (label: 0 | 1, method: string, score: number): Unit => ({
      label,
      method,
      source: `${method}${score}`,
      score,
    });
    const units = [
      unit(0, 'original', 0.1),
      unit(0, 'original', 0.5),
      unit(1, 'easy', 0.9),
      unit(1, 'hard', 0.3),
    ];
    const of = figuresByMethod(units, 1);
    expect(Object.keys(of)).toEqual(['easy', 'hard']);
    expect(of.easy.auc?.value).toBe(1);
    expect(of.hard.auc?.value).toBe(0.5);
    expect(of.hard).toMatchObject({ items: 3, real: 2, manipulated: 1 });
    const reals = figuresOf(units.slice(0, 2), 1);
    expect(reals.auc).toBeUndefined();
    expect(Object.values(reals)).not.toContain(undefined);
  });
});

describe('calibration', () => {
  const measured = [{ condition: conditions['as-is'], rows: overlapping }];

  test('says whether it counted pictures or videos', () => {
    const twice = overlapping.flatMap((one) => [
      one,
      { ...one, item: { ...one.item, id: `${one.item.id} b` } },
    ]);
    const rows = [{ condition: conditions['as-is'], rows: twice }];
    const [{ metric, protocol }] = calibrateContract(contract, rows, 'the test').figures;
    expect([metric, protocol]).toEqual(['AUC by video', '200 videos, as the set has them; the test']);
  });

  test('makes too sure scores less so, and writes what it measured', () => {
    const calibrated = calibrateContract(contract, measured, 'the test');
    expect(contractSchema.safeParse(calibrated).success).toBe(true);
    const { calibration } = calibrated;
    if (calibration.kind !== 'platt') throw new Error('not calibrated');
    expect(calibration.slope).toBeLessThan(0.8);
    const loss = (of: Contract) => logLoss(scoredOf(byVideo(overlapping, of))) as number;
    expect(loss(calibrated)).toBeLessThan(loss(contract));
    const [{ condition, tracks, falseAlarms, misses }] = calibrated.quality.measured;
    expect([condition, tracks]).toEqual(['as the set has them', 200]);
    // As near to the limits as 100 videos of a class and four digits of a threshold allow.
    expect([0.01, 0.02]).toContain(falseAlarms);
    expect([0.09, 0.1]).toContain(misses);
    expect(calibrated.figures[0].metric).toBe('AUC by picture');
    expect(calibrated.figures[0].protocol).toBe('200 pictures, as the set has them; the test');
    // Calibration does not change the order.
    const area = figuresOf(byVideo(overlapping, contract), 1).auc?.value as number;
    expect(calibrated.figures[0].value).toBeCloseTo(area, 3);
    expect(calibrated.thresholds.basis).toContain('2 %');
  });

  test('each quality has its own rates, and a smaller face its size', () => {
    const worse = overlapping.map((one) => ({ ...one, raw: 0.5 + (one.raw - 0.5) / 4 }));
    const { quality } = calibrateContract(
      contract,
      [...measured, { condition: conditions['half-size'], rows: worse }],
      'the test',
    );
    expect(quality.measured[0].maxFacePixels).toBeUndefined();
    expect(quality.measured[1]).toMatchObject({ condition: 'shrunk to a half', maxFacePixels: 64 });
    // The limits hold at each quality, not on average.
    for (const { falseAlarms, misses } of quality.measured) {
      expect(falseAlarms).toBeLessThanOrEqual(0.02);
      expect(misses).toBeLessThanOrEqual(0.1);
    }
  });

  test('is refused where scores run against the labels, or a class is absent', () => {
    const against = overlapping.map((one) => ({ ...one, raw: 1 - one.raw }));
    expect(() => calibrateContract(contract, [{ ...measured[0], rows: against }], '')).toThrow(
      'worse than chance',
    );
    const reals = overlapping.filter(({ item }) => item.label === 0);
    expect(() => calibrateContract(contract, [{ ...measured[0], rows: reals }], '')).toThrow(
      'needs real and manipulated',
    );
  });
});

describe('thresholds', () => {
  const limits = { falseAlarms: 0.02, misses: 0.1 };
  const rates = (labels: number[], scores: number[]) => {
    const thresholds = thresholdsAt({ labels, scores }, limits);
    const units = labels.map((label, i) => ({
      label: label as 0 | 1,
      score: scores[i],
      method: '',
      source: `${i}`,
    }));
    return { ...thresholds, ...ratesAt(units, thresholds) };
  };

  test('keep to the limits exactly, ties included', () => {
    const labels = Array.from({ length: 400 }, (_, i) => i % 2);
    // Few distinct values: cuts must not fall inside a tie.
    const scores = labels.map((label, i) => Math.min(0.95, Math.round((label * 3 + (i % 17)) / 2) / 10));
    const { falseAlarms, misses, likely, notFound } = rates(labels, scores);
    expect(falseAlarms).toBeLessThanOrEqual(0.02);
    expect(misses).toBeLessThanOrEqual(0.1);
    expect(notFound).toBeLessThan(likely);
  });

  test('where the classes are far apart, both rates are better than asked and the two stay in order', () => {
    const labels = Array.from({ length: 100 }, (_, i) => i % 2);
    const { falseAlarms, misses, likely, notFound } = rates(
      labels,
      labels.map((label, i) => 0.1 + 0.7 * label + i / 1000),
    );
    expect([falseAlarms, misses]).toEqual([0, 0]);
    expect(notFound).toBeLessThan(likely);
  });
});
