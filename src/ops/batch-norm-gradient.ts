import { apply, notDifferentiable, type Op, type Value } from '../graph/node.ts';
import { fixed, int64, sizeOf, tensor } from '../graph/tensor.ts';
import type { NormAttributes } from './batch-norm.ts';

export const batchNormGradientOp: Op<NormAttributes> = {
  name: 'batchNormGradient',
  infer: ([x, , gamma]) => [x, gamma, gamma],
  /**
   * With s = sqrt(σ² + ε) and M elements a channel: β' = Σ dy, γ' = Σ dy (x - μ) / s, and
   * x' = γ/s (dy - β'/M - (x - μ) γ'/(s M)) = A dy + B x + C with A, B, C a channel.
   */
  emit({ attributes: { epsilon }, inputs: [x, dy, gamma, mean, variance], inputTypes, onnx }) {
    const shape = fixed(inputTypes[0].shape);
    const [n, channels] = shape;
    const pixels = sizeOf(shape.slice(2));
    const number = (value: number) => onnx.constant('number', tensor([value], []));
    const vector = onnx.constant('shape', int64([channels, ...shape.slice(2).map(() => 1)]));
    const across = (name: string) => onnx.node('Reshape', [name, vector]);
    const axes = onnx.constant('axes', int64([0, 2]));
    const flat = onnx.constant('shape', int64([n, channels, pixels]));
    const sum = (name: string) =>
      onnx.node('ReduceSum', [onnx.node('Reshape', [name, flat]), axes], { keepdims: 0 });

    const deviation = onnx.node('Sqrt', [onnx.node('Add', [variance, number(epsilon)])]);
    const centred = onnx.node('Sub', [x, across(mean)]);
    const dBeta = sum(dy);
    const dGamma = onnx.node('Div', [sum(onnx.node('Mul', [dy, centred])), deviation]);
    const a = onnx.node('Div', [gamma, deviation]);
    const count = number(1 / (n * pixels));
    // B' multiplies x - μ, so C = -A β'/M.
    const b = onnx.node('Neg', [
      onnx.node('Div', [onnx.node('Mul', [onnx.node('Mul', [a, dGamma]), count]), deviation]),
    ]);
    const c = onnx.node('Neg', [onnx.node('Mul', [onnx.node('Mul', [a, dBeta]), count])]);
    const scaled = onnx.node('Mul', [dy, across(a)]);
    const slanted = onnx.node('Add', [onnx.node('Mul', [centred, across(b)]), across(c)]);
    return [onnx.node('Add', [scaled, slanted]), dGamma, dBeta];
  },
  gradient: notDifferentiable('second derivatives of batch normalisation are not offered'),
};

/** Gradients of {@link batchNormTraining} with respect to x, γ and β. */
export function batchNormGradient(
  x: Value,
  dy: Value,
  gamma: Value,
  mean: Value,
  variance: Value,
  attributes: NormAttributes,
): { dx: Value; dGamma: Value; dBeta: Value } {
  const [dx, dGamma, dBeta] = apply(batchNormGradientOp, [x, dy, gamma, mean, variance], attributes);
  return { dx, dGamma, dBeta };
}
