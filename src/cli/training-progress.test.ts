import { expect, it } from 'vitest';
import { startTrainingProgress, trainingLine } from './training-progress.ts';

const step = (done: number) => ({
  kind: 'train' as const,
  step: done,
  steps: 200,
  epoch: 0,
  loss: 0.12345,
  norm: 1,
  accuracy: 0.5,
  learningRate: 1e-3,
  stepMs: 10,
  waitMs: 1,
  imagesPerSecond: 58.24,
  waitShare: 0.021,
  secondsLeft: 754.2,
});

it('says loss, metric, images a second, share of waiting and time left', () => {
  expect(trainingLine(step(120), 'auc 0.7120')).toBe(
    'step 120/200  loss 0.1235  auc 0.7120  58.2 images/s  wait 2 %  12:35 left',
  );
});

it('writes a line every ten seconds where there is no terminal, and none when quiet', () => {
  let text = '';
  let time = 0;
  const stderr = { write: (more: string) => (text += more) };
  const progress = startTrainingProgress(stderr, false, () => time);
  for (time = 0; time < 25; time++) progress.show(step(time + 1));
  expect(text.match(/step \d+/g)).toEqual(['step 1', 'step 11', 'step 21']);
  text = '';
  startTrainingProgress(stderr, true).show(step(1));
  expect(text).toBe('');
});
