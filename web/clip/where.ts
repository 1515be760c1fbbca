/** Where a person is at a time, from the frames that were looked at. */
import type { FrameResult, TrackResult } from '../../src/detect/result.ts';
import { breakAfter } from '../../src/report/lanes.ts';

export interface Place {
  /** The looked-at frame that is nearest in time. */
  nearest: FrameResult;
  /** Pixels of the upright frame. */
  box: FrameResult['box'];
  /** False where the box was seen at this very time, true where it lies between two looks. */
  between: boolean;
}

/** Half a frame at 25 a second: nearer than that is the frame itself. */
const same = 0.02;

/**
 * Null where the person was not seen around `time`.
 *
 * @param gap usual seconds between two looks at the clip
 */
export function placeAt(track: Pick<TrackResult, 'frames'>, time: number, gap: number): Place | null {
  const { frames } = track;
  const after = frames.findIndex((frame) => frame.timeSeconds > time + same);
  const before = frames[(after < 0 ? frames.length : after) - 1];
  const next = after < 0 ? undefined : frames[after];
  if (before && time - before.timeSeconds <= same)
    return { nearest: before, box: before.box, between: false };
  if (before && next && next.timeSeconds - before.timeSeconds <= breakAfter * gap) {
    const share = (time - before.timeSeconds) / (next.timeSeconds - before.timeSeconds);
    return { nearest: share < 0.5 ? before : next, box: mix(before.box, next.box, share), between: true };
  }
  // At the ends of a stretch the person may have come or gone anywhere between two looks: half of it is shown.
  const [edge] = [before, next].filter(
    (frame) => frame !== undefined && Math.abs(frame.timeSeconds - time) <= gap / 2,
  );
  return edge ? { nearest: edge, box: edge.box, between: true } : null;
}

function mix(a: FrameResult['box'], b: FrameResult['box'], share: number): FrameResult['box'] {
  const at = (key: keyof typeof a) => a[key] + (b[key] - a[key]) * share;
  return { x: at('x'), y: at('y'), width: at('width'), height: at('height') };
}
