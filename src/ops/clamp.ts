import { scalar } from '../graph/leaves.ts';
import { apply1, type Op, type Value } from '../graph/node.ts';
import { tensor } from '../graph/tensor.ts';
import { equal } from './equal.ts';
import { select } from './select.ts';

interface Attributes {
  readonly low: number;
  readonly high: number;
}

export const clampOp: Op<Attributes> = {
  name: 'clamp',
  infer([x], { low, high }, fail) {
    return low <= high ? [x] : fail(`the lower bound ${low} is above the upper ${high}`);
  },
  emit: ({ attributes: { low, high }, inputs: [x], onnx }) => [
    onnx.node('Clip', [
      x,
      onnx.constant('low', tensor([low], [])),
      onnx.constant('high', tensor([high], [])),
    ]),
  ],
  // What was left unchanged lets the gradient through, the bounds themselves included.
  gradient: ({ inputs: [x], outputs: [y], outputGradients: [dy] }) => [
    dy && select(equal(x, y), dy, scalar(0)),
  ],
};

/** x, but at least `low` and at most `high` (infinities allowed). */
export function clamp(x: Value, low: number, high: number): Value {
  return apply1(clampOp, [x], { low, high });
}
