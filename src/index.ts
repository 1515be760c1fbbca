/** The library: what the command line does, as functions. */
import { openScanner, type ScannerOptions, type ScanOptions } from './detect/scanner.ts';
import type { ClipAnalysis } from './detect/types.ts';

/**
 * Scans one clip and closes everything again. For several clips use {@link openScanner}, which loads the networks once.
 *
 * Bad input does not throw: `result.status` is `error`, with a code and a message. An unusable detector or device does
 * (DETECTOR_MISSING, DETECTOR_INVALID, DETECTOR_DIFFERS, DEVICE_UNAVAILABLE), and so does an abort.
 *
 * @example
 * const { result } = await scan('clip.mp4');
 * console.log(result.verdict, result.score, result.interval);
 */
export async function scan(path: string, options: ScannerOptions & ScanOptions = {}): Promise<ClipAnalysis> {
  const { sampling, signal, onProgress, onFace, ...scannerOptions } = options;
  const scanner = await openScanner(scannerOptions);
  try {
    return await scanner.scan(path, {
      ...(sampling ? { sampling } : {}),
      ...(signal ? { signal } : {}),
      ...(onProgress ? { onProgress } : {}),
      ...(onFace ? { onFace } : {}),
    });
  } finally {
    await scanner.close();
  }
}

export { type ErrorCode, errorCodes, UserError } from './base/errors.ts';
export { type Aggregation, type Contract, contractSchema } from './detect/contract.ts';
export {
  type ClipResult,
  type FrameResult,
  resultSchema,
  type TrackResult,
  type Verdict,
  verdicts,
  verdictWords,
} from './detect/result.ts';
export { openScanner, type Scanner, type ScannerOptions, type ScanOptions } from './detect/scanner.ts';
export type { ClipAnalysis, CropRegion, EvidenceCrop, ScanProgress } from './detect/types.ts';
export { formatSampling, parseSampling, type Sampling } from './media/sampling.ts';
export type { Picture } from './media/types.ts';
export { clipReport, type ReportContext } from './report/clip.ts';
