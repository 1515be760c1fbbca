/** Errors as `application/problem+json` (RFC 9457). */
import { type ErrorCode, errors, type UserError } from '../base/errors.ts';
import type { Problem } from './api.ts';
import { failureOf } from './failure.ts';

/** 400 where nothing is said. */
const statuses: Partial<Record<ErrorCode, number>> = {
  TOKEN_WRONG: 401,
  ORIGIN_REFUSED: 403,
  HOST_REFUSED: 421,
  ROUTE_UNKNOWN: 404,
  PAGES_NOT_BUILT: 404,
  CLIP_UNKNOWN: 404,
  TASK_UNKNOWN: 404,
  PICTURE_UNKNOWN: 404,
  UPLOAD_UNKNOWN: 404,
  DETECTOR_UNKNOWN: 404,
  RUNS_NOT_SERVED: 404,
  CLIP_NOT_DONE: 409,
  UPLOAD_OFFSET: 409,
  UPLOAD_BUSY: 423,
  UPLOAD_TOO_LARGE: 413,
  // tus: checksum mismatch
  UPLOAD_CHECKSUM: 460,
  SAMPLING_INVALID: 422,
  SAMPLING_TOO_MANY: 422,
  URL_INVALID: 422,
  URL_REFUSED: 422,
  URL_FAILED: 422,
  RATE_LIMITED: 429,
  INTERNAL: 500,
  SERVER_STOPPING: 503,
  DISK_FULL: 507,
};

export function problemOf(error: UserError, issues?: Problem['issues']): Response {
  const { code, title, next } = failureOf(error);
  const status = statuses[error.code] ?? 400;
  const body: Problem = {
    type: `about:blank#${code}`,
    title,
    status,
    code,
    next,
    ...(issues ? { issues } : {}),
  };
  const wait = error.code === 'RATE_LIMITED' ? /(\d+) seconds/.exec(next)?.[1] : undefined;
  return new Response(JSON.stringify(body), {
    status,
    headers: {
      'content-type': 'application/problem+json',
      'cache-control': 'no-store',
      ...(wait ? { 'retry-after': wait } : {}),
    },
  });
}

/** What a stranger learns of a bug: that there was one. */
export function internalProblem(): Response {
  return problemOf(errors.INTERNAL('an error that it did not expect'));
}
