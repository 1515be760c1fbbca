/** Our figures against scikit-learn's on seeded cases with ties (bench/reference/sklearn_metrics.py writes them). */
import { describe, expect, it } from 'vitest';
import { accuracy, balancedAccuracy, confusionAt } from './accuracy.ts';
import { applyIsotonic, fitIsotonic, fitPlatt } from './calibration.ts';
import { brierScore, logLoss } from './log-loss.ts';
import { averagePrecision, precisionRecallCurve } from './precision-recall.ts';
import reference from './reference.json' with { type: 'json' };
import { reliabilityCurve } from './reliability.ts';
import { auc, rocCurve } from './roc.ts';
import { backgroundIou, countPixels, foregroundIou } from './segmentation.ts';

const close = (values: number[] | undefined, expected: number[]) => {
  expect(values).toHaveLength(expected.length);
  for (const [i, value] of expected.entries()) expect(values?.[i]).toBeCloseTo(value, 12);
};

describe.each(reference.cases)('scikit-learn: $name', (expected) => {
  const items = { labels: expected.labels, scores: expected.scores };

  it('ROC curve and AUC', () => {
    const curve = rocCurve(items);
    close(
      curve?.map((p) => p.falsePositiveRate),
      expected.roc.fpr,
    );
    close(
      curve?.map((p) => p.truePositiveRate),
      expected.roc.tpr,
    );
    close(
      curve?.slice(1).map((p) => p.threshold),
      expected.roc.thresholds,
    );
    expect(auc(items)).toBeCloseTo(expected.auc, 13);
  });

  it('precision-recall curve and average precision', () => {
    const curve = precisionRecallCurve(items)?.reverse();
    close([...(curve?.map((p) => p.precision) ?? []), 1], expected.precision);
    close([...(curve?.map((p) => p.recall) ?? []), 0], expected.recall);
    expect(averagePrecision(items)).toBeCloseTo(expected.averagePrecision, 12);
  });

  it('accuracy, balanced accuracy, confusion matrix', () => {
    const matrix = confusionAt(items);
    expect(matrix).toEqual(expected.confusion);
    expect(accuracy(matrix)).toBeCloseTo(expected.accuracy, 14);
    expect(balancedAccuracy(matrix)).toBeCloseTo(expected.balancedAccuracy, 14);
  });

  it('log loss and Brier score', () => {
    expect(logLoss(items)).toBeCloseTo(expected.logLoss, 12);
    expect(brierScore(items)).toBeCloseTo(expected.brier, 13);
  });

  it('reliability curve', () => {
    const curve = reliabilityCurve(items, 10);
    close(
      curve.map((bin) => bin.manipulated),
      expected.reliability.manipulated,
    );
    close(
      curve.map((bin) => bin.meanScore),
      expected.reliability.meanScore,
    );
  });

  it('both IoUs, of pixels laid in a row', () => {
    const counts = countPixels(items.labels, items.scores);
    expect(foregroundIou(counts)).toBeCloseTo(expected.jaccard, 13);
    expect(backgroundIou(counts)).toBeCloseTo(expected.jaccardBackground, 13);
  });

  it('isotonic regression', () => {
    const map = fitIsotonic(items);
    close(
      expected.isotonic.at.map((at) => applyIsotonic(map!, at)),
      expected.isotonic.value,
    );
  });

  // With one score for all items slope and offset are not determined apart.
  it.skipIf(new Set(expected.scores).size === 1)('Platt scaling', () => {
    const platt = fitPlatt(items);
    // scikit-learn's BFGS stops at a gradient of 1e-5; ours goes on.
    expect(platt?.slope).toBeCloseTo(expected.platt.slope, 3);
    expect(platt?.offset).toBeCloseTo(expected.platt.offset, 3);
  });
});
