/** What local analysis gives to the pages. */
import type { Contract } from '../../src/detect/contract.ts';
import type { ClipResult } from '../../src/detect/result.ts';

export interface LocalProgress {
  /** `load`: bytes of the networks and the engine; `frames`: frames; the others have no count (0 of 0). */
  stage: 'load' | 'wait' | 'open' | 'frames' | 'score' | 'done';
  done: number;
  total: number;
}

/** A scored face kept as evidence: at most three of each end of a track's scores. */
export interface LocalCrop {
  trackId: number;
  frameIndex: number;
  timeSeconds: number;
  score: number;
  /** The square that the detector saw, JPEG. */
  crop: Blob;
  width: number;
  height: number;
  /** Where the detector has a map: grey PNG of the map's own size, white is 1, to be stretched over the crop. */
  map?: Blob;
}

export interface LocalEngine {
  /** `cpu` is WebAssembly. */
  device: 'cpu' | 'webgpu';
  threads: number;
  /** Why a graphics chip that is there is not used. */
  note?: string;
}

export interface LocalAnalysis {
  /** The document of `mesoscope scan --json`, checked by its schema. Bad clips have the status `error` and a code. */
  result: ClipResult;
  /** Thresholds, error rates and limits that the result is to be read with. */
  contract: Contract;
  /** Most suspicious first within a track. */
  evidence: LocalCrop[];
  engine: LocalEngine;
}
