/** Which failures pass by themselves, and how long to wait before the next try. */

/**
 * `final`: the clip is at fault, and would be again. `lost`: a connection was; it is tried until it works, and no try
 * counts against the clip. `elsewhere`: this machine cannot do it, another may; tried as often as `job.attempts` says.
 */
export type FailureKind = 'final' | 'lost' | 'elsewhere';

const kinds: Readonly<Record<string, FailureKind>> = {
  STORE_UNREACHABLE: 'lost',
  DATABASE_UNREACHABLE: 'lost',
  OUTPUT_UNWRITABLE: 'elsewhere',
  DISK_FULL: 'elsewhere',
  // A worker of another version, or with other detectors.
  DETECTOR_MISSING: 'elsewhere',
  DETECTOR_NOT_PINNED: 'elsewhere',
  ANALYSIS_OTHER_DETECTOR: 'elsewhere',
  TASK_OTHER_VERSION: 'elsewhere',
};

export function failureKind(code: string): FailureKind {
  return Object.hasOwn(kinds, code) ? kinds[code] : 'final';
}

const firstSeconds = 2;
const mostSeconds = 300;

/** Seconds until the next try: 2, 4, 8 … 300. @param attempts that failed so far, from 1 */
export function backOff(attempts: number): number {
  return Math.min(mostSeconds, firstSeconds * 2 ** Math.max(0, attempts - 1));
}
