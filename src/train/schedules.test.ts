import { describe, expect, it } from 'vitest';
import { learningRate, scheduleSchema } from './schedules.ts';

const extent = { steps: 5000, stepsPerEpoch: 100 };
const at = (schedule: Record<string, unknown>, step: number, more = extent) =>
  learningRate(scheduleSchema.parse(schedule), step, more);

describe('schedules', () => {
  it('MesoNet: /10 every 1,000 steps down to 1e-6', () => {
    const rates = [0, 999, 1000, 1999, 2000, 3000, 4000, 100_000].map((step) =>
      at({ kind: 'step', rate: 1e-3 }, step),
    );
    expect(rates).toEqual([1e-3, 1e-3, 1e-4, 1e-4, 1e-5, 1e-6, 1e-6, 1e-6]);
  });

  it('004: 0.9 an epoch', () => {
    const schedule = { kind: 'exponential', rate: 1e-3 };
    expect(at(schedule, 99)).toBe(1e-3);
    expect(at(schedule, 100)).toBeCloseTo(9e-4, 15);
    expect(at(schedule, 250)).toBeCloseTo(8.1e-4, 15);
  });

  it('cosine: linear warm-up, half-way at half the rate, the floor at the last step', () => {
    const schedule = { kind: 'cosine', rate: 1, warmUp: 10, floor: 0.2 };
    const short = { steps: 111, stepsPerEpoch: 10 };
    expect([0, 4, 9, 10].map((step) => at(schedule, step, short))).toEqual([0.1, 0.5, 1, 1]);
    expect(at(schedule, 60, short)).toBeCloseTo(0.6, 12);
    expect(at(schedule, 110, short)).toBeCloseTo(0.2, 12);
  });

  it('constant', () => expect(at({ kind: 'constant', rate: 0.01 }, 4999)).toBe(0.01));
});
