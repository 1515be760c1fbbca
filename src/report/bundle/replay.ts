/** A scan that was done again, beside the one that a bundle holds. */
import type { ClipResult } from '../../detect/result.ts';

/**
 * Scores may differ by so much: processors and versions of ONNX Runtime add in other orders. The same as for the golden
 * vectors of detectors; on one machine a scan repeats to the last digit.
 */
export const replayTolerance = 1e-3;

export interface Comparison {
  agrees: boolean;
  tolerance: number;
  /** Largest difference between two scores or ends of intervals. */
  largest: number;
  /** Numbers that were compared. */
  compared: number;
  /** What does not agree, in words; the first twenty. */
  differences: string[];
}

const mostDifferences = 20;

export function compareResults(was: ClipResult, is: ClipResult): Comparison {
  const differences: string[] = [];
  let [largest, compared] = [0, 0];
  const same = (what: string, a: unknown, b: unknown) => {
    if (a !== b) differences.push(`${what} was ${String(a)}, is ${String(b)}`);
  };
  const near = (what: string, a: number | null | undefined, b: number | null | undefined) => {
    if (typeof a !== 'number' || typeof b !== 'number') return same(what, a ?? null, b ?? null);
    compared++;
    const difference = Math.abs(a - b);
    largest = Math.max(largest, difference);
    // Written so that NaN fails too.
    if (!(difference <= replayTolerance)) differences.push(`${what} was ${a}, is ${b}`);
  };
  type Scored = Pick<ClipResult, 'verdict' | 'score' | 'interval'>;
  const scored = (what: string, a: Scored, b: Scored) => {
    same(`the verdict of ${what}`, a.verdict, b.verdict);
    near(`the score of ${what}`, a.score, b.score);
    for (const end of [0, 1]) near(`the interval of ${what}`, a.interval?.[end], b.interval?.[end]);
  };
  same('the status', was.status, is.status);
  scored('the clip', was, is);
  same('the number of tracks', was.tracks.length, is.tracks.length);
  for (const [i, track] of was.tracks.entries()) {
    const again = is.tracks[i];
    if (!again) break;
    scored(`track ${track.id}`, track, again);
    same(`the number of faces of track ${track.id}`, track.frames.length, again.frames.length);
    for (const [k, frame] of track.frames.entries()) {
      const what = `track ${track.id}, frame ${frame.frameIndex}`;
      same(`${what}, its number`, frame.frameIndex, again.frames[k]?.frameIndex);
      near(what, frame.score, again.frames[k]?.score);
    }
  }
  return {
    agrees: differences.length === 0,
    tolerance: replayTolerance,
    largest,
    compared,
    differences: differences.slice(0, mostDifferences),
  };
}
