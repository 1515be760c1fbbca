import { scalar } from '../graph/leaves.ts';
import { apply1, type Op, type Value } from '../graph/node.ts';
import { tensor } from '../graph/tensor.ts';
import { unaryType } from './elementwise.ts';
import { multiply } from './multiply.ts';

interface Attributes {
  readonly exponent: number;
}

export const powerOp: Op<Attributes> = {
  name: 'power',
  infer: unaryType,
  emit: ({ attributes: { exponent }, inputs: [x], onnx }) => [
    onnx.node('Pow', [x, onnx.constant('exponent', tensor([exponent], []))]),
  ],
  // (xᵖ)' = p xᵖ⁻¹
  gradient: ({ attributes: { exponent }, inputs: [x], outputGradients: [dy] }) => [
    dy && multiply(dy, multiply(power(x, exponent - 1), scalar(exponent))),
  ],
};

/** x to a fixed power; x must be positive where the exponent is no whole number. */
export function power(x: Value, exponent: number): Value {
  return apply1(powerOp, [x], { exponent });
}
