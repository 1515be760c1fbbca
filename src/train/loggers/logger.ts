/** Where a run's figures also go, beside its own metrics.jsonl. */
import { z } from 'zod';
import type { RunEvent, RunSummary } from '../run.ts';

export const loggingSchema = z
  .strictObject({
    tensorboard: z
      .literal(true)
      .optional()
      .describe("TensorBoard event files, in the run's folder tensorboard"),
    mlflow: z
      .strictObject({
        url: z.url({ protocol: /^https?$/ }).describe('The tracking server, such as http://localhost:5000'),
        experiment: z.string().min(1).max(500).default('mesoscope'),
      })
      .optional(),
  })
  .describe('Where the figures also go; metrics.jsonl is always written');
export type Logging = z.output<typeof loggingSchema>;

export interface RunLogger {
  log(event: RunEvent): void;
  /** Writes what is left. `undefined` where the run broke. Never throws: a training is not lost for its log. */
  close(summary: RunSummary | undefined): Promise<void>;
}
