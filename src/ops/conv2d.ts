import { apply1, type Op, type Value } from '../graph/node.ts';
import { type Dim, fixed } from '../graph/tensor.ts';
import { convInputGradient } from './conv-input-gradient.ts';
import { convWeightGradient } from './conv-weight-gradient.ts';
import {
  type ConvolutionAttributes,
  type WindowOptions,
  windowAttributes,
  windowOutput,
} from './convolution-shape.ts';
import { convolve } from './convolve.ts';
import { reduceSum } from './reduce-sum.ts';

export const conv2dOp: Op<ConvolutionAttributes> = {
  name: 'conv2d',
  infer([x, w, b], attributes, fail) {
    if (x.shape.length !== 4 || w.shape.length !== 4)
      return fail('wants a picture [N, C, H, W] and a kernel [O, C/groups, h, w]');
    const [n, channels, height, width] = x.shape;
    const [out, perGroup, kernelHeight, kernelWidth] = w.shape as readonly number[];
    if (channels !== perGroup * attributes.groups) {
      return fail(`${channels} channels do not match ${attributes.groups} groups of ${perGroup}`);
    }
    if (out % attributes.groups !== 0)
      return fail(`${out} filters do not divide into ${attributes.groups} groups`);
    if (b !== undefined && (b.shape.length !== 1 || b.shape[0] !== out))
      return fail(`the bias must be [${out}]`);
    const rows = windowOutput(height, kernelHeight, 0, attributes);
    const columns = windowOutput(width, kernelWidth, 1, attributes);
    if (rows === undefined || columns === undefined)
      return fail('the kernel does not fit into the padded picture');
    return [{ dtype: 'float32', shape: [n, out, rows, columns] }];
  },
  emit({ attributes, inputs: [x, kernel, bias], inputTypes, outputTypes, channelBlock, onnx }) {
    const [filters, perGroup, ...size] = fixed(inputTypes[1].shape);
    const [batch, , height, width] = outputTypes[0].shape;
    const known = typeof batch === 'number' && typeof height === 'number' && typeof width === 'number';
    return [
      convolve(onnx, channelBlock, {
        x,
        kernel,
        bias,
        window: attributes,
        groups: attributes.groups,
        channels: perGroup * attributes.groups,
        filters,
        size: [size[0], size[1]],
        output: known ? [batch, height, width] : undefined,
      }),
    ];
  },
  gradient({ attributes, inputs: [x, w, b], outputGradients: [dy], wanted }) {
    if (dy === undefined) return [undefined, undefined, ...(b ? [undefined] : [])];
    return [
      wanted[0] ? convInputGradient(dy, w, x.type.shape, attributes) : undefined,
      wanted[1] ? convWeightGradient(x, dy, w.type.shape, attributes) : undefined,
      ...(b ? [wanted[2] ? reduceSum(dy, [0, 2, 3]) : undefined] : []),
    ];
  },
};

export interface ConvolutionOptions extends WindowOptions {
  bias?: Value | undefined;
  /** Input channels are split into so many groups; as many as channels is a depthwise convolution. */
  groups?: number;
}

/**
 * Cross-correlation of pictures [N, C, H, W] with kernels [O, C / groups, h, w], giving [N, O, H', W'].
 * @throws ShapeError where channels, groups, bias or sizes do not fit.
 */
export function conv2d(x: Value, w: Value, { bias, groups = 1, ...options }: ConvolutionOptions = {}): Value {
  const [, , kernelHeight, kernelWidth] = w.type.shape as readonly number[];
  const picture: readonly [Dim, Dim] = [x.type.shape[2], x.type.shape[3]];
  const window = windowAttributes([kernelHeight, kernelWidth], picture, options);
  return apply1(conv2dOp, bias === undefined ? [x, w] : [x, w, bias], { ...window, groups });
}
