import { apply, notDifferentiable, type Op, type Value } from '../graph/node.ts';
import { fixed, int64, sizeOf, tensor } from '../graph/tensor.ts';

export const batchNormGradientOp: Op<void> = {
  name: 'batchNormGradient',
  infer: ([x, , gamma]) => [x, gamma, gamma],
  /**
   * With s = sqrt(σ² + ε) and M elements a channel: β' = Σ dy, γ' = Σ dy (x - μ) / s, and
   * x' = γ/s (dy - β'/M - (x - μ) γ'/(s M)) = A dy + B (x - μ) + C with A, B, C a channel.
   */
  emit({ inputs: [centred, dy, gamma, inverse], inputTypes, onnx }) {
    const shape = fixed(inputTypes[0].shape);
    const [n, channels] = shape;
    const pixels = sizeOf(shape.slice(2));
    const ofShape = (name: string, sizes: readonly number[]) =>
      onnx.node('Reshape', [name, onnx.constant('shape', int64(sizes))]);
    const product = (a: string, b: string) => onnx.node('Mul', [a, b]);
    const picture = (name: string) => ofShape(name, [n, channels, 1, pixels]);
    const kernel = (name: string) => ofShape(name, [channels, 1, 1, 1]);

    const axes = onnx.constant('axes', int64(shape.map((_, axis) => axis).filter((axis) => axis !== 1)));
    const dBeta = onnx.node('ReduceSum', [dy, axes], { keepdims: 0 });
    const rows = [n * channels, 1, pixels];
    const products = onnx.node(
      'FusedMatMul',
      [ofShape(dy, rows), ofShape(centred, rows)],
      { transB: 1 },
      'com.microsoft',
    );
    const moment = onnx.node(
      'ReduceSum',
      [ofShape(products, [n, channels]), onnx.constant('axes', int64([0]))],
      { keepdims: 0 },
    );
    const dGamma = product(moment, inverse);
    const share = onnx.constant('share', tensor([-1 / (n * pixels)], []));
    const a = product(gamma, inverse);
    const b = product(product(product(a, dGamma), inverse), share);
    const c = product(product(a, dBeta), share);
    // Two passes over memory instead of four: 1x1 convolutions a channel, the second adds the first's result.
    const slanted = onnx.node('Mul', [centred, ofShape(b, [channels, ...shape.slice(2).map(() => 1)])]);
    const dx = onnx.node(
      'FusedConv',
      [picture(dy), kernel(a), c, picture(slanted)],
      { group: channels },
      'com.microsoft',
    );
    return [ofShape(dx, shape), dGamma, dBeta];
  },
  gradient: notDifferentiable('second derivatives of batch normalisation are not offered'),
};

/** Gradients of `batchNormTraining` with respect to x, γ and β, from its centred x - μ and its 1 / sqrt(σ² + ε). */
export function batchNormGradient(
  centred: Value,
  dy: Value,
  gamma: Value,
  inverse: Value,
): { dx: Value; dGamma: Value; dBeta: Value } {
  const [dx, dGamma, dBeta] = apply(batchNormGradientOp, [centred, dy, gamma, inverse], undefined);
  return { dx, dGamma, dBeta };
}
