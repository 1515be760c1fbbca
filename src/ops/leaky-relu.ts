import { scalar } from '../graph/leaves.ts';
import { apply1, type Op, type Value } from '../graph/node.ts';
import { unaryType } from './elementwise.ts';
import { greater } from './greater.ts';
import { multiply } from './multiply.ts';
import { select } from './select.ts';

interface Attributes {
  readonly slope: number;
}

export const leakyReluOp: Op<Attributes> = {
  name: 'leakyRelu',
  infer: unaryType,
  emit: ({ attributes: { slope }, inputs, onnx }) => [
    onnx.node('LeakyRelu', inputs, { alpha: { float: slope } }),
  ],
  gradient: ({ attributes: { slope }, inputs: [x], outputGradients: [dy] }) => [
    dy && select(greater(x, scalar(0)), dy, multiply(dy, scalar(slope))),
  ],
};

/** x where positive, slope x elsewhere. */
export function leakyRelu(x: Value, slope: number): Value {
  return apply1(leakyReluOp, [x], { slope });
}
