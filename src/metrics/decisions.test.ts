/** Hand-worked cases of accuracy, log loss, Brier, reliability, precision-recall, segmentation, coverage. */
import { describe, expect, it } from 'vitest';
import { accuracy, balancedAccuracy, classAccuracies, confusionAt, confusionMatrix } from './accuracy.ts';
import { aucAssessed, aucImputed, coverage } from './coverage.ts';
import { brierScore, logLoss } from './log-loss.ts';
import { averagePrecision, precisionRecallCurve } from './precision-recall.ts';
import { expectedCalibrationError, reliabilityCurve } from './reliability.ts';
import * as segmentation from './segmentation.ts';

describe('accuracy', () => {
  it('is read from the counts', () => {
    const matrix = confusionMatrix([0, 0, 0, 1, 1], [0, 0, 1, 1, 0], 2);
    expect(matrix).toEqual([
      [2, 1],
      [1, 1],
    ]);
    expect(accuracy(matrix)).toBe(3 / 5);
    expect(classAccuracies(matrix)).toEqual([2 / 3, 1 / 2]);
    expect(balancedAccuracy(matrix)).toBeCloseTo(7 / 12, 15);
  });
  it('calls a score at the threshold manipulated', () => {
    expect(confusionAt({ labels: [1, 0], scores: [0.5, 0.499] })).toEqual([
      [1, 0],
      [0, 1],
    ]);
    expect(confusionAt({ labels: [1, 0], scores: [0.5, 0.499] }, 0.6)[1]).toEqual([1, 0]);
  });
  it('is undefined where a class or everything is absent', () => {
    expect(accuracy(confusionMatrix([], [], 2))).toBeUndefined();
    expect(classAccuracies(confusionMatrix([1], [1], 2))).toEqual([undefined, 1]);
    expect(balancedAccuracy(confusionMatrix([1], [1], 2))).toBeUndefined();
    expect(() => confusionMatrix([0], [2], 2)).toThrow('class 0 called 2');
  });
});

describe('log loss and Brier', () => {
  it('have their known values', () => {
    expect(logLoss({ labels: [1, 0], scores: [0.5, 0.5] })).toBeCloseTo(Math.LN2, 15);
    expect(logLoss({ labels: [1, 0], scores: [0.8, 0.4] })).toBeCloseTo(
      -(Math.log(0.8) + Math.log(0.6)) / 2,
      15,
    );
    expect(brierScore({ labels: [1, 0], scores: [0.8, 0.4] })).toBeCloseTo((0.04 + 0.16) / 2, 15);
  });
  it('clips a certain error, as stated', () => {
    expect(logLoss({ labels: [1], scores: [0] })).toBeCloseTo(-Math.log(1e-15), 10);
    expect(logLoss({ labels: [0], scores: [1] }, { clip: 1e-3 })).toBeCloseTo(-Math.log(1e-3), 10);
  });
  it('are undefined without items and refuse logits', () => {
    expect(logLoss({ labels: [], scores: [] })).toBeUndefined();
    expect(brierScore({ labels: [], scores: [] })).toBeUndefined();
    expect(() => logLoss({ labels: [1], scores: [1.2] })).toThrow('not a probability');
  });
});

describe('reliability', () => {
  it('bins by (low, high] and weighs by count', () => {
    const items = { labels: [0, 1, 1, 1, 0], scores: [0, 0.5, 0.6, 0.9, 1] };
    expect(reliabilityCurve(items, 2)).toEqual([
      { low: 0, high: 0.5, count: 2, meanScore: 0.25, manipulated: 0.5 },
      { low: 0.5, high: 1, count: 3, meanScore: 2.5 / 3, manipulated: 2 / 3 },
    ]);
    // (2 x 0.25 + 3 x 1/6) / 5
    expect(expectedCalibrationError(items, 2)).toBeCloseTo(0.2, 14);
    expect(expectedCalibrationError({ labels: [], scores: [] })).toBeUndefined();
  });
});

describe('precision and recall', () => {
  it('are those of the hand-worked case', () => {
    const items = { labels: [1, 0, 1], scores: [0.9, 0.8, 0.7] };
    expect(precisionRecallCurve(items)).toEqual([
      { threshold: 0.9, precision: 1, recall: 0.5 },
      { threshold: 0.8, precision: 0.5, recall: 0.5 },
      { threshold: 0.7, precision: 2 / 3, recall: 1 },
    ]);
    expect(averagePrecision(items)).toBeCloseTo(0.5 + 1 / 3, 15);
    expect(averagePrecision({ labels: [1], scores: [0.2] })).toBeUndefined();
    expect(precisionRecallCurve({ labels: [0], scores: [0.2] })).toBeUndefined();
  });
});

describe('segmentation', () => {
  const counts = segmentation.countPixels([1, 1, 1, 0, 0, 0, 0, 0], [0.9, 0.5, 0.1, 0.7, 0, 0, 0, 0]);
  it('counts and divides', () => {
    expect(counts).toEqual({ truePositives: 2, falsePositives: 1, falseNegatives: 1, trueNegatives: 4 });
    expect(segmentation.foregroundIou(counts)).toBe(2 / 4);
    expect(segmentation.backgroundIou(counts)).toBe(4 / 6);
    expect(segmentation.meanIou(counts)).toBeCloseTo(7 / 12, 15);
    expect(segmentation.pixelAccuracy(counts)).toBe(6 / 8);
  });
  it('adds pictures, leaves out ignored pixels, refuses NaN', () => {
    expect(segmentation.addPixels(counts, segmentation.noPixels)).toEqual(counts);
    expect(segmentation.countPixels([1, 0], [1, 1], { ignore: [0, 1] })).toMatchObject({ falsePositives: 0 });
    expect(segmentation.countPixels([1], [0.4], { threshold: 0.3 })).toMatchObject({ truePositives: 1 });
    expect(() => segmentation.countPixels([1], [Number.NaN])).toThrow('pixel 0');
  });
  it('is undefined where nothing is or is called foreground', () => {
    const empty = segmentation.countPixels([0, 0], [0.1, 0.2]);
    expect(segmentation.foregroundIou(empty)).toBeUndefined();
    expect(segmentation.meanIou(empty)).toBeUndefined();
    expect(segmentation.backgroundIou(empty)).toBe(1);
    expect(segmentation.pixelAccuracy(segmentation.noPixels)).toBeUndefined();
  });
});

describe('coverage', () => {
  const items = [
    { label: 1, score: 0.9 },
    { label: 1, score: undefined },
    { label: 0, score: 0.6 },
    { label: 0, score: 0.1 },
  ];
  it('tells the missing share by class', () => {
    expect(coverage(items)).toEqual({
      items: 4,
      notAssessable: 1,
      notAssessableShare: 0.25,
      notAssessableReal: 0,
      notAssessableManipulated: 0.5,
    });
    expect(coverage([])).toBeUndefined();
  });
  it('imputes only under a name that says so', () => {
    expect(aucAssessed(items)).toBe(1);
    expect(aucImputed(items)).toEqual({
      label: 'AUC, not assessable imputed at 0.5',
      value: 0.75,
      imputed: 1,
    });
    expect(aucAssessed([{ label: 1, score: undefined }])).toBeUndefined();
  });
});
