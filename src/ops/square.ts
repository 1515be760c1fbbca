import { scalar } from '../graph/leaves.ts';
import { apply1, type Op, type Value } from '../graph/node.ts';
import { unaryType } from './elementwise.ts';
import { multiply } from './multiply.ts';

export const squareOp: Op<void> = {
  name: 'square',
  infer: unaryType,
  emit: ({ inputs: [x], onnx }) => [onnx.node('Mul', [x, x])],
  gradient: ({ inputs: [x], outputGradients: [dy] }) => [dy && multiply(multiply(dy, scalar(2)), x)],
};

/** x². */
export function square(x: Value): Value {
  return apply1(squareOp, [x], undefined);
}
