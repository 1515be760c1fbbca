import { scalar } from '../graph/leaves.ts';
import type { Value } from '../graph/node.ts';
import { greater } from './greater.ts';
import { multiply } from './multiply.ts';
import { select } from './select.ts';

/**
 * Drops each element with probability `rate` and scales the rest by 1 / (1 - rate) (inverted dropout, so that
 * inference does nothing). `noise` is uniform in [0, 1): elements where it is below `rate` are dropped. It may
 * be [N, C, 1, 1] to drop whole channels. Call it in training only.
 */
export function dropout(x: Value, noise: Value, rate: number): Value {
  if (!(rate >= 0 && rate < 1)) throw new Error(`a dropout rate must be in [0, 1), not ${rate}`);
  if (rate === 0) return x;
  return multiply(x, select(greater(scalar(rate), noise), scalar(0), scalar(1 / (1 - rate))));
}
