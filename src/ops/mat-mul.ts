import { apply1, broadcast, type Op, type Value } from '../graph/node.ts';

interface Attributes {
  /** The last two axes of the factor are swapped before the product. */
  readonly transA: boolean;
  readonly transB: boolean;
}

export const matMulOp: Op<Attributes> = {
  name: 'matMul',
  infer([a, b], { transA, transB }, fail) {
    if (a.shape.length < 2 || b.shape.length < 2) return fail('wants matrices');
    const [rows, inner] = transA ? a.shape.slice(-2).reverse() : a.shape.slice(-2);
    const [innerB, columns] = transB ? b.shape.slice(-2).reverse() : b.shape.slice(-2);
    if (inner !== innerB) return fail(`the inner sizes ${inner} and ${innerB} differ`);
    const batch = broadcast(a.shape.slice(0, -2), b.shape.slice(0, -2));
    if (batch === undefined) return fail('the batches do not broadcast');
    return [{ dtype: a.dtype, shape: [...batch, rows, columns] }];
  },
  emit({ attributes: { transA, transB }, inputs, onnx }) {
    if (!transA && !transB) return [onnx.node('MatMul', inputs)];
    const flags = { transA: transA ? 1 : 0, transB: transB ? 1 : 0 };
    return [onnx.node('FusedMatMul', inputs, flags, 'com.microsoft')];
  },
  // C = A B: A' = C' Bᵀ, B' = Aᵀ C'; a transposed factor's gradient is transposed too: (Aᵀ)' = B C'ᵀ.
  gradient({ attributes: { transA, transB }, inputs: [a, b], outputGradients: [dy], wanted }) {
    if (dy === undefined) return [undefined, undefined];
    const da = () =>
      transA ? matMul(b, dy, { transA: transB, transB: true }) : matMul(dy, b, { transB: !transB });
    const db = () =>
      transB ? matMul(dy, a, { transA: true, transB: transA }) : matMul(a, dy, { transA: !transA });
    return [wanted[0] ? da() : undefined, wanted[1] ? db() : undefined];
  },
};

/** Matrix product over the last two axes; the axes before them are a batch and broadcast. */
export function matMul(a: Value, b: Value, options: Partial<Attributes> = {}): Value {
  return apply1(matMulOp, [a, b], { transA: options.transA ?? false, transB: options.transB ?? false });
}
