import type { Value } from '../graph/node.ts';
import { reduceMean } from './reduce-mean.ts';

/** Mean over the picture: [N, C, H, W] gives [N, C], or [N, C, 1, 1] with `keepAxes`. */
export function globalAveragePool2d(x: Value, options: { keepAxes?: boolean } = {}): Value {
  return reduceMean(x, [2, 3], options);
}
