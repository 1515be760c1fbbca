/** What the server and an analysis's process say to each other. */
import type { Clip } from '../api.ts';
import type { Failure } from '../failure.ts';

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

export interface AnalysisProgress {
  stage: 'open' | 'frames' | 'score' | 'report';
  done: number;
  total: number;
}

export type FromAnalysis =
  | { kind: 'progress'; progress: AnalysisProgress }
  | { kind: 'done'; document: ClipDocument }
  /** The input is at fault; `document` is there where a result tells it. */
  | { kind: 'failed'; error: Failure; document: ClipDocument | null };
