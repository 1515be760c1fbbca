/** What a worker and the process of a task say to each other, as JSON; `ToAnalysis` answers `read` here too. */
import { z } from 'zod';
import { failureSchema } from '../api.ts';
import { longestRead } from '../jobs/messages.ts';
import type { PreparePayload, TrainPayload } from './payload.ts';

export type ToTask =
  | {
      kind: 'prepare';
      payload: PreparePayload;
      /** Folder to be filled. */
      out: string;
    }
  | {
      kind: 'train';
      payload: TrainPayload;
      /** Folder that the payload's files lie in. */
      data: string;
      out: string;
      /** Whether `out` holds what an earlier try left to go on from: see run-file.ts. */
      goOn: boolean;
      /** Least time between two checkpoints that are told, s. */
      checkpointSeconds: number;
    };

/** Checked like any outside data: the process that says it has read a stranger's file. */
export const fromTaskSchema = z.discriminatedUnion('kind', [
  /** Wants bytes of one of the payload's files. */
  z.strictObject({
    kind: z.literal('read'),
    read: z.int().positive(),
    file: z.int().nonnegative(),
    at: z.int().nonnegative(),
    length: z.int().positive().max(longestRead),
  }),
  z.strictObject({
    kind: z.literal('progress'),
    done: z.number().nonnegative(),
    total: z.number().nonnegative(),
    event: z.record(z.string(), z.unknown()).optional(),
  }),
  /** What the run can go on from at this step lies in its folder: see run-file.ts. */
  z.strictObject({ kind: z.literal('checkpoint'), step: z.int().nonnegative().max(99_999_999) }),
  /** All it has to leave lies in its folder. */
  z.strictObject({ kind: z.literal('done'), said: z.json() }),
  z.strictObject({ kind: z.literal('failed'), error: failureSchema }),
]);
export type FromTask = z.infer<typeof fromTaskSchema>;
