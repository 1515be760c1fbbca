import type { Value } from '../graph/node.ts';
import { type Shape, showShape } from '../graph/tensor.ts';
import { reduceSum } from './reduce-sum.ts';
import { reshape } from './reshape.ts';

/** Sums over the axes along which `shape` would be broadcast to the value's: the inverse duty of broadcasting. */
export function sumTo(x: Value, shape: Shape): Value {
  const from = x.type.shape;
  const lead = from.length - shape.length;
  if (lead < 0) throw new Error(`${showShape(from)} cannot be summed to ${showShape(shape)}`);
  const axes = from.flatMap((dim, i) => (i < lead || (shape[i - lead] === 1 && dim !== 1) ? [i] : []));
  const summed = axes.length === 0 ? x : reduceSum(x, axes, { keepAxes: true });
  return reshape(summed, shape);
}
