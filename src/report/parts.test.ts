import { expect, test } from 'vitest';
import { sampleAnalyses, sampleContract } from '../../test/report-samples.ts';
import type { EvidenceCrop } from '../detect/types.ts';
import { overlay, split } from './crops.ts';
import { tickStep } from './lanes.ts';
import { toneOfScore } from './marks.ts';
import { batchSummary, inOrder } from './summary.ts';
import { aggregationInWords, measuredAt, samplingInWords, standing } from './wording.ts';

const crop = (frameIndex: number, score: number): EvidenceCrop => ({
  trackId: 1,
  frameIndex,
  timeSeconds: frameIndex,
  score,
  region: { centreX: 0.5, centreY: 0.5, width: 1, height: 1, angle: 0 },
  crop: { width: 1, height: 1, data: new Uint8Array(3) },
});

test('evidence is split into the most and the least suspicious, no face twice', () => {
  const { most, least } = split([0.5, 0.9, 0.1, 0.3, 0.7, 0.2].map((score, i) => crop(i, score)));
  expect(most.map((item) => item.score)).toEqual([0.9, 0.7, 0.5]);
  expect(least.map((item) => item.score)).toEqual([0.1, 0.2, 0.3]);
  const few = split([crop(0, 0.2), crop(1, 0.8), crop(0, 0.2)]);
  expect([few.most.length, few.least.length]).toEqual([2, 0]);
  const four = split([0.1, 0.2, 0.3, 0.4].map((score, i) => crop(i, score)));
  expect([four.most, four.least].map((list) => list.map((item) => item.score))).toEqual([
    [0.4, 0.3],
    [0.1, 0.2],
  ]);
});

test('the map leaves grey where it is 0 and lays 70 % magenta where it is 1', () => {
  const picture = { width: 2, height: 1, data: Uint8Array.from([200, 100, 50, 200, 100, 50]) };
  const { data } = overlay(picture, { width: 2, height: 1, data: Float32Array.from([0, 1]) });
  const grey = 0.299 * 200 + 0.587 * 100 + 0.114 * 50;
  expect([...data.slice(0, 3)]).toEqual([Math.round(grey), Math.round(grey), Math.round(grey)]);
  expect([...data.slice(3)]).toEqual([226, 0, 116].map((c) => Math.round(grey * 0.3 + c * 0.7)));
});

test('a map is stretched over the crop without shifting it', () => {
  const picture = { width: 8, height: 8, data: new Uint8Array(192) };
  const { data } = overlay(picture, { width: 2, height: 2, data: Float32Array.from([1, 0, 0, 0]) });
  const red = (x: number, y: number) => data[(y * 8 + x) * 3];
  expect(red(0, 0)).toBe(Math.round(226 * 0.7));
  expect([red(7, 0), red(0, 7), red(7, 7)]).toEqual([0, 0, 0]);
  expect(red(3, 0)).toBe(red(0, 3));
});

test('thresholds belong to their outer sides, as verdicts have it', () => {
  const { thresholds } = sampleContract();
  expect([0.2, 0.21, 0.79, 0.8].map((value) => toneOfScore(value, thresholds))).toEqual([
    'clear',
    'unsure',
    'unsure',
    'likely',
  ]);
});

test('ticks are clock steps, never more than asked for', () => {
  expect([0.4, 3, 8.4, 41.6, 300, 3725, 90_000].map((end) => tickStep(end, 9))).toEqual([
    0.1, 0.5, 1, 5, 60, 600, 10_800,
  ]);
});

test('the error rate shown is that of the narrowest condition that the faces meet', () => {
  const contract = sampleContract();
  expect(measuredAt(contract, 90)?.misses).toBe(0.21);
  expect(measuredAt(contract, 200)?.misses).toBe(0.13);
  expect(measuredAt(contract, undefined)?.misses).toBe(0.13);
  expect(measuredAt(sampleContract('weak'), 90)).toBeUndefined();
});

test('a condition with neither rate, or without tracks, is not a measurement', () => {
  const contract = sampleContract('weak');
  contract.quality.measured.push(
    { condition: 'none', tracks: 0, misses: 0 },
    { condition: 'empty', tracks: 9 },
  );
  expect(measuredAt(contract, 90)).toBeUndefined();
  expect(standing(contract, 90).sentences.join(' ')).toContain('has not been measured');
});

test('a detector is weak by its worst AUC or by its rates here', () => {
  expect(standing(sampleContract(), 90).level).toBe('measured');
  expect(standing(sampleContract('weak'), 90).level).toBe('weak');
  const contract = sampleContract();
  contract.quality.measured[0].falseAlarms = 0.3;
  expect([standing(contract, 90).level, standing(contract, 200).level]).toEqual(['weak', 'measured']);
  const bare = { ...sampleContract('weak'), figures: [] };
  expect(standing(bare, 90).level).toBe('unmeasured');
});

test('settings in words', () => {
  expect(['even:32', 'fps:2.5', 'every:10', 'range:10+101', 'keyframes'].map(samplingInWords)).toEqual([
    '32 frames spread evenly over the clip.',
    '2.5 frames a second.',
    'Every 10th frame.',
    '101 consecutive frames from frame 10.',
    'Key frames only.',
  ]);
  expect(aggregationInWords({ frames: { kind: 'top-k', share: 0.25 }, tracks: 'mean' })).toBe(
    'A track scores the mean of its highest 25\u00a0% of frames; the clip scores the mean of its tracks.',
  );
});

const entries = Object.values(sampleAnalyses()).map(({ analysis }, i) => ({
  result: analysis.result,
  report: i === 0 ? 'a b&"c?.mp4.html' : null,
}));
const context = {
  contract: sampleContract('weak'),
  detector: { name: 'sample-weak', sha256: '5e'.repeat(32) },
  replay: 'npx mesoscope scan in --out results',
  createdAt: new Date('2026-03-04T05:06:07Z'),
  interrupted: false,
};

test('a batch is listed by urgency: verdict, then score', () => {
  const sorted = inOrder(entries).map(({ result }) => [result.verdict, result.status, result.score] as const);
  expect(sorted.map(([verdict]) => verdict)).toEqual([
    'manipulation_likely',
    'manipulation_likely',
    'inconclusive',
    'inconclusive',
    'inconclusive',
    'no_manipulation_found',
    'not_assessable',
    'not_assessable',
  ]);
  expect(sorted[0][2]).toBeGreaterThan(sorted[1][2] as number);
  expect(sorted.at(-1)?.[1]).toBe('error');
});

test('the summary links to reports beside it and says when it is not whole', () => {
  const page = batchSummary(entries, context);
  expect(page.match(/<a href="[^"]*"/g)).toEqual(['<a href="a%20b%26%22c%3F.mp4.html"']);
  expect(page).not.toContain('interrupted');
  expect(batchSummary(entries, { ...context, interrupted: true })).toContain('The batch was interrupted');
  expect(page).not.toMatch(/<script|<img/);
});
