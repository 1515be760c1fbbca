import { apply1, type Op, type Value } from '../graph/node.ts';
import { int64 } from '../graph/tensor.ts';
import { slice } from './slice.ts';

interface Attributes {
  /** Zeros before and after, one count an axis. */
  readonly before: readonly number[];
  readonly after: readonly number[];
}

export const padOp: Op<Attributes> = {
  name: 'pad',
  infer([x], { before, after }, fail) {
    if (before.length !== x.shape.length || after.length !== x.shape.length) {
      return fail(`wants ${x.shape.length} counts before and after`);
    }
    if ([...before, ...after].some((count) => count < 0)) return fail('cannot crop: use slice');
    const shape = x.shape.map((dim, i) => {
      const added = before[i] + after[i];
      if (typeof dim === 'string' && added > 0) return fail(`axis ${i} must have a known size`);
      return typeof dim === 'string' ? dim : dim + added;
    });
    return [{ dtype: x.dtype, shape }];
  },
  emit: ({ attributes: { before, after }, inputs, onnx }) => [
    onnx.node('Pad', [inputs[0], onnx.constant('pads', int64([...before, ...after]))]),
  ],
  gradient({ attributes: { before }, inputs: [x], outputGradients: [dy] }) {
    if (dy === undefined) return [undefined];
    let dx = dy;
    for (const [axis, size] of x.type.shape.entries()) {
      if (typeof size !== 'number' || dx.type.shape[axis] === size) continue;
      dx = slice(dx, { axis, from: before[axis], to: before[axis] + size });
    }
    return [dx];
  },
};

/** Zeros around x: `before` and `after` hold one count an axis. */
export function pad(x: Value, before: readonly number[], after: readonly number[]): Value {
  return [...before, ...after].every((count) => count === 0) ? x : apply1(padOp, [x], { before, after });
}
