/** What local analysis gives to the pages. */
import type { Contract } from '../../src/detect/contract.ts';
import type { ClipResult } from '../../src/detect/result.ts';
import type { CropRegion } from '../../src/detect/types.ts';

export interface LocalProgress {
  /** `load`: bytes of the networks and the engine; `frames`: frames; the others have no count (0 of 0). */
  stage: 'load' | 'wait' | 'open' | 'frames' | 'score' | 'done';
  done: number;
  total: number;
}

/** A scored face kept as evidence: at most three of each end of a track's scores. */
export interface LocalCrop extends Sighting {
  /** Which end of the track's scores it stands for. */
  end: 'most' | 'least';
  /** The square that the detector saw, JPEG. */
  crop: Blob;
  width: number;
  height: number;
  /** Place in `maps` of the same face's map; null where the detector has none. */
  map: number | null;
}

/** Where the detector sees traces in one face. */
export interface LocalMap extends Sighting {
  /** PNG of the map's own size, transparent where it is 0, to be stretched over `region`. */
  picture: Blob;
  width: number;
  height: number;
}

interface Sighting {
  trackId: number;
  frameIndex: number;
  timeSeconds: number;
  score: number;
  /** The part of the frame that the detector saw. */
  region: CropRegion;
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
  /** Of every scored face, in order of time. */
  maps: LocalMap[];
  engine: LocalEngine;
}
