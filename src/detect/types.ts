import type { Picture } from '../media/types.ts';
import type { ClipResult } from './result.ts';

/** A scored crop kept as evidence for the report. */
export interface EvidenceCrop {
  trackId: number;
  frameIndex: number;
  timeSeconds: number;
  score: number;
  crop: Picture;
  /** Per-pixel scores over the crop, row-major, where the detector has a map. */
  map?: { width: number; height: number; data: Float32Array };
}

/** A scan's result with the pictures behind it. */
export interface ClipAnalysis {
  result: ClipResult;
  /** The most and the least suspicious crops of each track, at most three of each. */
  evidence: EvidenceCrop[];
}

/** Told while a clip is read: the stage, and how far it is. */
export interface ScanProgress {
  stage: 'open' | 'frames' | 'score' | 'done';
  done: number;
  total: number;
}
