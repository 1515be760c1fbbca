/** The result of an input that never came to be scanned. */
import { describe, type ErrorCode, UserError } from '../base/errors.ts';
import { version } from '../base/version.ts';
import { type ClipResult, resultSchemaName } from './result.ts';

/** @param problem what was wrong with it; no score is made of that */
export function failedResult(path: string, problem: Error, detector: ClipResult['detector']): ClipResult {
  const code: ErrorCode = problem instanceof UserError ? problem.code : 'CLIP_UNREADABLE';
  const unknown = { sha256: null, bytes: null, container: null, codec: null, width: null, height: null };
  return {
    schema: resultSchemaName,
    tool: { name: 'mesoscope', version },
    clip: { path, ...unknown, durationSeconds: null, frames: null },
    detector,
    settings: null,
    status: 'error',
    verdict: 'not_assessable',
    score: null,
    interval: null,
    calibrated: false,
    reasons: [describe(problem)],
    tracks: [],
    cuts: [],
    framesAnalysed: 0,
    dropped: [],
    timing: {},
    error: { code, message: describe(problem) },
  };
}
