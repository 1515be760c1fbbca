import { apply1, type Op, type Value } from '../graph/node.ts';
import { fixed, int64 } from '../graph/tensor.ts';
import { pad } from './pad.ts';

interface Attributes {
  readonly axis: number;
  /** First index taken, and the first not taken any more. */
  readonly from: number;
  readonly to: number;
}

export const sliceOp: Op<Attributes> = {
  name: 'slice',
  infer([x], { axis, from, to }, fail) {
    const size = x.shape[axis];
    if (typeof size !== 'number') return fail(`axis ${axis} must exist and have a known size`);
    if (from < 0 || to > size || from >= to) return fail(`${from}…${to} is no part of axis ${axis}`);
    return [{ dtype: x.dtype, shape: x.shape.map((dim, i) => (i === axis ? to - from : dim)) }];
  },
  emit: ({ attributes: { axis, from, to }, inputs, onnx }) => [
    onnx.node('Slice', [
      inputs[0],
      onnx.constant('starts', int64([from])),
      onnx.constant('ends', int64([to])),
      onnx.constant('axes', int64([axis])),
    ]),
  ],
  gradient({ attributes: { axis, from, to }, inputs: [x], outputGradients: [dy] }) {
    const size = x.type.shape[axis] as number;
    const around = (width: number) => x.type.shape.map((_, i) => (i === axis ? width : 0));
    return [dy && pad(dy, around(from), around(size - to))];
  },
};

/** The part of x whose index along one axis lies in [from, to). A negative axis counts from the end. */
export function slice(x: Value, { axis, from, to }: Attributes): Value {
  const normal = axis < 0 ? axis + x.type.shape.length : axis;
  return apply1(sliceOp, [x], { axis: normal, from, to });
}

/** Consecutive parts along an axis; the sizes must add up to the axis. */
export function split(x: Value, axis: number, sizes: readonly number[]): Value[] {
  const total = sizes.reduce((sum, size) => sum + size, 0);
  const whole = fixed([x.type.shape.at(axis) ?? 0])[0];
  if (total !== whole) throw new Error(`split: ${sizes.join(' + ')} is not axis ${axis}'s ${whole}`);
  let from = 0;
  return sizes.map((size) => {
    from += size;
    return slice(x, { axis, from: from - size, to: from });
  });
}
