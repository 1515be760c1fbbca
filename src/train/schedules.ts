/** Learning-rate schedules: functions of the step alone, so that a resumed run needs no state of theirs. */
import { z } from 'zod';

const rate = z.number().positive().max(10);

export const scheduleSchema = z
  .discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('constant'), rate }),
    /** MesoNet 3.2: 1e-3, divided by 10 every 1,000 iterations, down to 1e-6. */
    z.strictObject({
      kind: z.literal('step'),
      rate,
      factor: z.number().gt(0).lt(1).default(0.1),
      every: z.int().positive().default(1000).describe('Steps between two cuts'),
      floor: z.number().nonnegative().default(1e-6),
    }),
    /** 004, IV-D: multiplied by 0.9 at the end of every epoch. */
    z.strictObject({
      kind: z.literal('exponential'),
      rate,
      factor: z.number().gt(0).lt(1).default(0.9).describe('Multiplied in at the end of each epoch'),
    }),
    /** Rises linearly for `warmUp` steps, then falls along half a cosine to `floor` at the last step. */
    z.strictObject({
      kind: z.literal('cosine'),
      rate,
      warmUp: z.int().nonnegative().default(0),
      floor: z.number().nonnegative().default(0),
    }),
  ])
  .describe('Learning rate over the steps');
export type ScheduleOptions = z.infer<typeof scheduleSchema>;

export interface Extent {
  /** Steps of the whole run. */
  steps: number;
  stepsPerEpoch: number;
}

/** Learning rate of step `step`, counted from 0. */
export function learningRate(
  schedule: ScheduleOptions,
  step: number,
  { steps, stepsPerEpoch }: Extent,
): number {
  switch (schedule.kind) {
    case 'constant':
      return schedule.rate;
    case 'step':
      // Dividing keeps decimal rates exact (1e-3 / 10^3 is 1e-6; 1e-3 * 0.1^3 is not quite).
      return Math.max(
        schedule.floor,
        schedule.rate / (1 / schedule.factor) ** Math.floor(step / schedule.every),
      );
    case 'exponential':
      return schedule.rate * schedule.factor ** Math.floor(step / stepsPerEpoch);
    case 'cosine': {
      if (step < schedule.warmUp) return (schedule.rate * (step + 1)) / schedule.warmUp;
      const left = Math.max(1, steps - 1 - schedule.warmUp);
      const done = Math.min(1, (step - schedule.warmUp) / left);
      return schedule.floor + ((schedule.rate - schedule.floor) * (1 + Math.cos(Math.PI * done))) / 2;
    }
  }
}
