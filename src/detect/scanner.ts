/** Opens the networks once and scans any number of clips with them. */
import { sha256OfFile } from '../base/hash.ts';
import { version } from '../base/version.ts';
import { openFinder } from '../faces/open-finder.ts';
import { defaultSampling, type Sampling } from '../media/sampling.ts';
import { ClipThread } from '../media/thread.ts';
import type { ByteSource } from '../media/types.ts';
import type { Device } from '../runtime/devices.ts';
import { detectorPath } from './bundled.ts';
import type { Aggregation, Contract } from './contract.ts';
import { loadDetector } from './detector.ts';
import type { Pins } from './pins.ts';
import { scanClip } from './scan-clip.ts';
import type { ClipAnalysis, EvidenceCrop, ScanProgress } from './types.ts';

export interface ScannerOptions {
  /** Name of a bundled detector, or a path; the default detector where left out. */
  detector?: string;
  device?: Device;
  /** Threads of decoder and networks; 2 by default. */
  threads?: number;
  /** Of the bootstrap; 0 by default. */
  seed?: number;
  /** Replaces the contract's rule for frames; the result names it. */
  aggregation?: Aggregation['frames'];
  /** The detectors that may be loaded; any where left out. */
  pins?: Pins;
}

/** A clip that lies elsewhere. */
export interface RemoteClip extends ByteSource {
  /** SHA-256 of its bytes, known to whoever keeps it: lower-case hex. */
  readonly sha256: string;
}

export interface FileScanOptions {
  /** `even:32` by default. */
  sampling?: Sampling;
  signal?: AbortSignal;
  onProgress?: (progress: ScanProgress) => void;
}

export interface ScanOptions extends FileScanOptions {
  /** Read in place of the file at the path, which is then only a name. */
  source?: RemoteClip;
  /** Told of every scored face as it is scored, also of tracks that the result leaves out. */
  onFace?: (face: EvidenceCrop) => void;
}

/** Scans files, wherever it does so. */
export interface FileScanner {
  readonly contract: Contract;
  readonly detector: { name: string; sha256: string };
  /** Never throws for bad input: the result has the status `error`. Throws the signal's reason after an abort. */
  scan(path: string, options?: FileScanOptions): Promise<ClipAnalysis>;
  close(): Promise<void>;
}

export interface Scanner extends FileScanner {
  scan(path: string, options?: ScanOptions): Promise<ClipAnalysis>;
}

/** @throws DETECTOR_MISSING, DETECTOR_NOT_PINNED, DETECTOR_INVALID, DETECTOR_DIFFERS, DEVICE_UNAVAILABLE. */
export async function openScanner(options: ScannerOptions = {}): Promise<Scanner> {
  const { device = 'cpu', threads = 2, seed = 0 } = options;
  const runtime = { device, threads };
  const file = detectorPath(options.detector);
  // First, so that FFmpeg starts in it while the networks are loaded here.
  const decoding = new ClipThread();
  const [detector, finder] = await Promise.all([
    loadDetector(file, runtime, options.pins),
    openFinder(runtime),
  ]).catch(async (thrown) => {
    await decoding.close();
    throw thrown;
  });
  const aggregation = {
    ...detector.contract.aggregation,
    ...(options.aggregation ? { frames: options.aggregation } : {}),
  };
  return {
    contract: detector.contract,
    detector: { name: detector.contract.name, sha256: detector.sha256 },
    scan: (path, { source, sampling = defaultSampling, signal, onProgress, onFace } = {}) =>
      scanClip(path, {
        detector,
        finder,
        aggregation,
        sampling,
        seed,
        threads,
        open: (clip, how) => decoding.open(clip, source ? { ...how, source } : how),
        hash: source ? async () => source.sha256 : sha256OfFile,
        version,
        ...(signal ? { signal } : {}),
        ...(onProgress ? { onProgress } : {}),
        ...(onFace ? { onFace } : {}),
      }),
    close: async () => {
      await Promise.all([detector.close(), finder.close(), decoding.close()]);
    },
  };
}
