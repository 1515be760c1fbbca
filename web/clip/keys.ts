/** Keys on the timeline. */

/** Nearer than this two times are the same frame. */
const same = 0.02;

/** Where a key leads; undefined where it is none of ours. */
export function keyTarget(
  key: string,
  time: number,
  times: readonly number[],
  cuts: readonly number[],
  end: number,
): number | 'toggle' | undefined {
  const next = (of: readonly number[]) => of.find((other) => other > time + same);
  const before = (of: readonly number[]) => of.findLast((other) => other < time - same);
  switch (key) {
    case 'ArrowRight':
      return next(times) ?? time;
    case 'ArrowLeft':
      return before(times) ?? time;
    case 'ArrowDown':
    case 'PageDown':
      return next(cuts) ?? time;
    case 'ArrowUp':
    case 'PageUp':
      return before(cuts) ?? time;
    case 'Home':
      return 0;
    case 'End':
      return times.at(-1) ?? end;
    case ' ':
      return 'toggle';
    default:
      return undefined;
  }
}
