/** What the server and an analysis's process say to each other. */
import type { Clip } from '../api.ts';
import type { Failure } from '../failure.ts';

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
  /** Of the detector's file, where it is known: another file of that name must not answer in its place. */
  detectorSha256: string | null;
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

/** An answer to `read`; without bytes where they could not be fetched. */
export interface ToAnalysis {
  read: number;
  bytes?: Uint8Array;
}

export type FromAnalysis =
  /** Wants bytes of the file. */
  | { kind: 'read'; read: number; at: number; length: number }
  | { kind: 'progress'; progress: AnalysisProgress }
  | { kind: 'done'; document: ClipDocument }
  /** The input is at fault; `document` is there where a result tells it. */
  | { kind: 'failed'; error: Failure; document: ClipDocument | null };
