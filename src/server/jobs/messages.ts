/** What the server and an analysis's process say to each other, as JSON. */
import { z } from 'zod';
import { errorCodes } from '../../base/errors.ts';
import { type Clip, clipSchema, failureSchema } from '../api.ts';

/** The large part of a clip's row. */
export type ClipDocument = Pick<Clip, 'result' | 'contract' | 'evidence' | 'maps' | 'credentials' | 'replay'>;

export interface AnalysisTask {
  clip: string;
  /** Of the file; only a name for messages where it is read by `ranges`. */
  path: string;
  /** The file is not on this machine: its bytes are asked for by messages. */
  ranges?: { bytes: number };
  /** Of the file, as it was when the clip was accepted. */
  sha256: string;
  /** As the sender named it: what reports show. */
  name: string;
  mediaType: string;
  detector: string;
  /** Of the detector's file that this process read at its start: no other is loaded. */
  detectorSha256: string;
  sample: string;
  /** Folder to be made and filled. */
  out: string;
  threads: number;
  limits: { seconds: number; pixels: number; sampledFrames: number };
}

/** An answer to `read`; without bytes where they could not be fetched. */
export interface ToAnalysis {
  read: number;
  /** Base64. */
  bytes?: string;
}

/** Longest piece that is handed over at once: the process that asks is not to be trusted with our memory. */
export const longestRead = 8 * 2 ** 20;

const progress = z.strictObject({
  stage: z.enum(['open', 'frames', 'score', 'report']),
  done: z.int().nonnegative(),
  total: z.int().nonnegative(),
});
export type AnalysisProgress = z.infer<typeof progress>;

const document = clipSchema.pick({
  ...{ result: true, contract: true, evidence: true, maps: true, credentials: true, replay: true },
});

/** Checked like any outside data: the process that says it has read a stranger's file. */
export const fromAnalysisSchema = z.discriminatedUnion('kind', [
  /** Wants bytes of the file. */
  z.strictObject({
    kind: z.literal('read'),
    read: z.int().positive(),
    at: z.int().nonnegative(),
    length: z.int().positive().max(longestRead),
  }),
  z.strictObject({ kind: z.literal('progress'), progress }),
  z.strictObject({
    kind: z.literal('done'),
    // A failure never becomes a score.
    document: document.refine(({ result }) => result !== null && result.status !== 'error', 'no result'),
  }),
  /** The input is at fault; `document` is there where a result tells it. */
  z.strictObject({
    kind: z.literal('failed'),
    // Codes become labels of metrics: none that is made up.
    error: failureSchema.extend({ code: z.enum(errorCodes as [string, ...string[]]) }),
    document: document.nullable(),
  }),
]);
export type FromAnalysis = z.infer<typeof fromAnalysisSchema>;
