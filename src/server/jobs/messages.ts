/** What the server and an analysis's process say to each other. */
import { z } from 'zod';
import { type Clip, clipSchema, failureSchema } from '../api.ts';

/** The large part of a clip's row. */
export type ClipDocument = Pick<Clip, 'result' | 'contract' | 'evidence' | 'maps' | 'credentials' | 'replay'>;

/** Of the intervals: every analysis of a server takes the same. */
export const analysisSeed = 0;

export interface AnalysisTask {
  clip: string;
  /** Of the file. */
  path: string;
  /** As the sender named it: what reports show. */
  name: string;
  mediaType: string;
  detector: string;
  /** Of the file that the server read at its start: no other is loaded. */
  detectorSha256: string;
  sample: string;
  /** Folder to be made and filled. */
  out: string;
  threads: number;
  limits: { seconds: number; pixels: number; sampledFrames: number };
}

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
  z.strictObject({ kind: z.literal('progress'), progress }),
  z.strictObject({
    kind: z.literal('done'),
    // A failure never becomes a score.
    document: document.refine(({ result }) => result !== null && result.status !== 'error', 'no result'),
  }),
  /** The input is at fault; `document` is there where a result tells it. */
  z.strictObject({ kind: z.literal('failed'), error: failureSchema, document: document.nullable() }),
]);
export type FromAnalysis = z.infer<typeof fromAnalysisSchema>;
