/** A scanner that answers from a table, for tests of what the command line does with results. */
import { errors, type UserError } from '../src/base/errors.ts';
import type { ClipResult } from '../src/detect/result.ts';
import type { ClipAnalysis } from '../src/detect/types.ts';
import { stabilityOf } from '../src/experiments/stability.ts';
import type { ClipScanner } from '../src/server/confined/clip-scanner.ts';
import { readCredentials } from '../src/server/jobs/credentials.ts';
import { sampleAnalyses } from './report-samples.ts';

const samples = sampleAnalyses();

/** A copy of a sample's analysis for another path. */
export function analysisOf(sample: string, path: string, sha256?: string): ClipAnalysis {
  const { result, evidence } = samples[sample].analysis;
  const clip = { ...result.clip, path, ...(sha256 ? { sha256 } : {}) };
  return { result: { ...result, clip }, evidence };
}

export function errorOf(path: string, error: UserError): ClipAnalysis {
  const base = analysisOf('broken', path).result;
  const result: ClipResult = { ...base, error: { code: error.code, message: error.message } };
  return { result, evidence: [] };
}

export interface FakeScanner extends ClipScanner {
  readonly scanned: string[];
  readonly isClosed: () => boolean;
}

/** `answer` gives what a path scans to; without one every path is the sample `clean`, or missing. */
export function fakeScanner(
  answer: (path: string, signal: AbortSignal | undefined) => ClipAnalysis | Promise<ClipAnalysis> = (path) =>
    path.includes('missing') ? errorOf(path, errors.CLIP_MISSING(path)) : analysisOf('clean', path),
): FakeScanner {
  const scanned: string[] = [];
  let closed = false;
  const fake: FakeScanner = {
    contract: samples.clean.contract,
    detector: { name: 'sample-measured', sha256: '5e'.repeat(32) },
    scanned,
    isClosed: () => closed,
    scan: async (path, options) => {
      scanned.push(path);
      options?.onProgress?.({ stage: 'frames', done: 1, total: 2 });
      return answer(path, options?.signal);
    },
    stability: (result, how) => stabilityOf(fake, result, how),
    credentials: readCredentials,
    close: async () => {
      closed = true;
    },
  };
  return fake;
}
