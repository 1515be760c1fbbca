import type { Picture } from '../media/types.ts';
import type { ClipResult } from './result.ts';

/** The part of the upright frame that a crop shows: a rectangle turned about its centre. Frame pixels. */
export interface CropRegion {
  centreX: number;
  centreY: number;
  width: number;
  height: number;
  /** Radians, clockwise on the screen. */
  angle: number;
}

/** A scored crop kept as evidence for the report. */
export interface EvidenceCrop {
  trackId: number;
  frameIndex: number;
  timeSeconds: number;
  score: number;
  region: CropRegion;
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
