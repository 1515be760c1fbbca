/** Book-keeping of frames that were lost in decoding: what is still awaited, what is gone, and why. */
import type { Dropped } from './types.ts';

export const lossReasons = {
  undecodable: 'packet could not be decoded',
  damaged: 'frame is damaged',
  ended: 'file ends early',
} as const;

export class Losses {
  /** Display index of a lost frame → reason: memory grows with the damage, not with the clip. */
  readonly #frames = new Map<number, string>();
  /** Losses that have no place among the scanned frames. */
  readonly #others = new Map<string, number>();

  lose(index: number, reason: string): void {
    if (!this.#frames.has(index)) this.#frames.set(index, reason);
  }

  /** A frame that came after all, by another path. */
  found(index: number): void {
    this.#frames.delete(index);
  }

  /** Sets the number of losses that the packet scan alone can see. */
  set(reason: string, count: number): void {
    if (count > 0) this.#others.set(reason, count);
  }

  list(): Dropped[] {
    const counts = new Map(this.#others);
    for (const reason of this.#frames.values()) counts.set(reason, (counts.get(reason) ?? 0) + 1);
    return [...counts].map(([reason, count]) => ({ reason, count }));
  }
}
