import { apply1, type Op, type Value } from '../graph/node.ts';
import { fixed } from '../graph/tensor.ts';
import { convWeightGradient } from './conv-weight-gradient.ts';
import { conv2d } from './conv2d.ts';
import { type ConvolutionAttributes, onnxWindow, type Pads, type Pair, pair } from './convolution-shape.ts';
import { reduceSum } from './reduce-sum.ts';

interface Attributes extends ConvolutionAttributes {
  /** Rows and columns added at the end, which strides leave open. */
  readonly outputPadding: Pair;
}

export const convTranspose2dOp: Op<Attributes> = {
  name: 'convTranspose2d',
  infer([x, w, b], { stride, pads, dilation, groups, outputPadding }, fail) {
    if (x.shape.length !== 4 || w.shape.length !== 4) {
      return fail('wants a picture [N, C, H, W] and a kernel [C, O/groups, h, w]');
    }
    const [n, channels, ...picture] = x.shape;
    const [channelsOfKernel, perGroup, ...kernel] = fixed(w.shape);
    if (channels !== channelsOfKernel || channelsOfKernel % groups !== 0) {
      return fail(`${channels} channels do not match a kernel of ${channelsOfKernel} in ${groups} groups`);
    }
    const out = perGroup * groups;
    if (b !== undefined && (b.shape.length !== 1 || b.shape[0] !== out))
      return fail(`the bias must be [${out}]`);
    if (outputPadding.some((rest, axis) => rest >= stride[axis] && rest >= dilation[axis])) {
      return fail('output padding must be smaller than the stride or the dilation');
    }
    const sizes = picture.map((size, axis) => {
      if (typeof size === 'string') return fail('the size of the picture must be known');
      const reach = dilation[axis] * (kernel[axis] - 1) + 1;
      return (size - 1) * stride[axis] + reach - pads[axis] - pads[axis + 2] + outputPadding[axis];
    });
    if (sizes.some((size) => size < 1)) return fail('nothing is left after the padding is cut off');
    return [{ dtype: x.dtype, shape: [n, out, ...sizes] }];
  },
  emit: ({ attributes, inputs, onnx }) => [
    onnx.node('ConvTranspose', inputs, {
      ...onnxWindow(attributes),
      output_padding: [...attributes.outputPadding],
      group: attributes.groups,
    }),
  ],
  // It is a convolution's gradient, so its own gradients are that convolution and its kernel's gradient.
  gradient({ attributes, inputs: [x, w, b], outputGradients: [dy], wanted }) {
    if (dy === undefined) return [undefined, undefined, ...(b ? [undefined] : [])];
    const { stride, pads, dilation, groups } = attributes;
    const window = { stride, pads, dilation, groups };
    return [
      wanted[0] ? conv2d(dy, w, { stride, dilation, groups, padding: pads }) : undefined,
      wanted[1] ? convWeightGradient(dy, x, w.type.shape, window) : undefined,
      ...(b ? [wanted[2] ? reduceSum(dy, [0, 2, 3]) : undefined] : []),
    ];
  },
};

export interface TransposedConvolutionOptions {
  bias?: Value | undefined;
  stride?: number | Pair;
  /** What is cut off the result's sides. */
  padding?: number | Pads;
  dilation?: number | Pair;
  groups?: number;
  outputPadding?: number | Pair;
}

/**
 * Transposed convolution of pictures [N, C, H, W] with kernels [C, O / groups, h, w], giving [N, O, H', W'] with
 * H' = (H - 1) stride + dilation (h - 1) + 1 - padding + outputPadding.
 * @throws ShapeError where channels, groups, bias or sizes do not fit.
 */
export function convTranspose2d(x: Value, w: Value, options: TransposedConvolutionOptions = {}): Value {
  const { bias, padding = 0, groups = 1 } = options;
  const attributes: Attributes = {
    stride: pair(options.stride),
    dilation: pair(options.dilation),
    pads: typeof padding === 'number' ? [padding, padding, padding, padding] : padding,
    groups,
    outputPadding: pair(options.outputPadding ?? 0),
  };
  return apply1(convTranspose2dOp, bias === undefined ? [x, w] : [x, w, bias], attributes);
}
