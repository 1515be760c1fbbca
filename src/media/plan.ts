/** Which packets have to be decoded for the wanted frames: pure arithmetic on the packet scan. */

/** Frames that are decoded in one go, from a key frame (or the start of the clip) to the last target. */
export interface Segment {
  /** Display index of the key frame where decoding starts; undefined: the start of the clip. */
  key: number | undefined;
  /** Ascending display indices of the wanted frames. */
  targets: readonly number[];
}

/**
 * Cuts the wanted frames into segments. A new one starts where the key frame before the next target is more
 * than `margin` frames ahead of the last target: below that, emptying and refilling the decoder costs more
 * than the frames that it skips.
 *
 * Frames shown at or after a key frame can be decoded from it, also in open groups of pictures, where frames
 * shown before it but stored after it cannot.
 *
 * @param wanted ascending display indices
 * @param keyFrames ascending display indices of key frames
 */
export function planSegments(
  wanted: readonly number[],
  keyFrames: readonly number[],
  margin: number,
): Segment[] {
  const segments: { key: number | undefined; targets: number[] }[] = [];
  let next = 0;
  let key: number | undefined;
  for (const target of wanted) {
    while (next < keyFrames.length && keyFrames[next] <= target) key = keyFrames[next++];
    const current = segments.at(-1);
    const last = current?.targets.at(-1);
    if (current && last !== undefined && (key === undefined || key - last <= margin)) {
      current.targets.push(target);
    } else {
      segments.push({ key, targets: [target] });
    }
  }
  return segments;
}
