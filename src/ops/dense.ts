import { apply1, type Op, type Value } from '../graph/node.ts';
import { matMul } from './mat-mul.ts';
import { reduceSum } from './reduce-sum.ts';

export const denseOp: Op<void> = {
  name: 'dense',
  infer([x, w, b], _, fail) {
    if (x.shape.length !== 2 || w.shape.length !== 2) return fail('wants rows [N, I] and weights [O, I]');
    if (x.shape[1] !== w.shape[1]) return fail(`${x.shape[1]} features do not meet ${w.shape[1]} weights`);
    if (b !== undefined && (b.shape.length !== 1 || b.shape[0] !== w.shape[0])) {
      return fail(`the bias must be [${w.shape[0]}]`);
    }
    return [{ dtype: x.dtype, shape: [x.shape[0], w.shape[0]] }];
  },
  emit: ({ inputs, onnx }) => [onnx.node('Gemm', inputs, { transB: 1 })],
  gradient({ inputs: [x, w, b], outputGradients: [dy], wanted }) {
    if (dy === undefined) return [undefined, undefined, ...(b ? [undefined] : [])];
    return [
      wanted[0] ? matMul(dy, w) : undefined,
      wanted[1] ? matMul(dy, x, { transA: true }) : undefined,
      ...(b ? [wanted[2] ? reduceSum(dy, [0]) : undefined] : []),
    ];
  },
};

/** Fully connected layer: rows [N, I], weights [O, I] (PyTorch's order) and bias [O] give x wᵀ + b, [N, O]. */
export function dense(x: Value, w: Value, bias?: Value): Value {
  return apply1(denseOp, bias === undefined ? [x, w] : [x, w, bias], undefined);
}
