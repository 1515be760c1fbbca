/** What a command may touch of the outside: two streams and the environment, so that tests can stand in for them. */
import { describe, UserError } from '../base/errors.ts';
import { visible } from '../report/html.ts';

export interface Stream {
  write(text: string): unknown;
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
}

export interface Io {
  readonly stdout: Stream;
  readonly stderr: Stream;
  /** False under NO_COLOR, `TERM=dumb`, or where stdout is no terminal. */
  readonly colour: boolean;
  /** Aborted by Ctrl-C or a request to end; its reason is the exit code to leave with. */
  readonly signal: AbortSignal;
}

/** Exit codes; where several hold, the first of this list wins. */
export const exitCodes = {
  /** Ctrl-C (128 + SIGINT). */
  interrupted: 130,
  /** The command line is wrong, or names a detector or device that is not there. */
  usage: 2,
  /** `--fail-on likely` and a clip is that. */
  likely: 3,
  /** Some input failed, or some output could not be written; the rest is done. */
  failed: 1,
  done: 0,
} as const;

/** Errors of what was typed, not of what was scanned. */
const usageErrors = new Set([
  'USAGE',
  'SAMPLING_INVALID',
  'DETECTOR_MISSING',
  'DEVICE_UNAVAILABLE',
  'NETWORK_UNKNOWN',
  'RECIPE_UNREADABLE',
  'RECIPE_INVALID',
  'JOIN_NAMES',
  'SERVER_NEEDS_TOKEN',
  'TOKEN_SHORT',
  'SERVER_CONFIG_INVALID',
  'SERVER_ADDRESS',
  'METRICS_ADDRESS',
  'TRACES_INVALID',
  'QUEUE_NEEDS_DATABASE',
  'QUEUE_NEEDS_STORE',
  'STORE_INVALID',
  'DETECTOR_NOT_PINNED',
  'DETECTOR_HASH_UNKNOWN',
  'PINS_INVALID',
  'KEY_INVALID',
  'KEY_EXPOSED',
  'BUNDLE_MISSING',
]);

export function exitCodeOf(thrown: unknown): number {
  return thrown instanceof UserError && usageErrors.has(thrown.code) ? exitCodes.usage : exitCodes.failed;
}

/**
 * `mesoscope: CLIP_EMPTY: x.mp4 is empty …`, one line. Control characters of file names are shown, not sent to the
 * terminal: they could move its cursor and forge what stands there.
 */
export function errorLine(thrown: unknown): string {
  const code = thrown instanceof UserError ? `${thrown.code}: ` : '';
  return `mesoscope: ${code}${oneLine(describe(thrown))}`;
}

/** Text from files made safe for one line of a terminal. */
export function oneLine(text: string): string {
  return visible(text.replace(/[\r\n\t]+/g, ' '));
}

/**
 * What a terminal would obey and JSON leaves as it is: C1 controls, direction marks. Written as JSON escapes, which mean
 * the same inside of a JSON string, and are readable outside of one.
 */
export function tamed(text: string): string {
  return text.replace(
    /[\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
