import { apply, type Op, type Value } from '../graph/node.ts';
import {
  onnxWindow,
  type Pair,
  pair,
  type WindowAttributes,
  type WindowOptions,
  windowAttributes,
  windowOutput,
} from './convolution-shape.ts';
import { maxPoolGradient } from './max-pool-gradient.ts';

export interface PoolAttributes extends WindowAttributes {
  readonly kernel: Pair;
}

export const maxPool2dOp: Op<PoolAttributes> = {
  name: 'maxPool2d',
  infer([x], attributes, fail) {
    if (x.shape.length !== 4) return fail('wants pictures [N, C, H, W]');
    const [n, channels, height, width] = x.shape;
    const { kernel, pads } = attributes;
    if (pads.some((p, side) => p >= kernel[side % 2]))
      return fail('a window may not lie in the padding alone');
    const rows = windowOutput(height, kernel[0], 0, attributes);
    const columns = windowOutput(width, kernel[1], 1, attributes);
    if (rows === undefined || columns === undefined) return fail('the window does not fit into the picture');
    const shape = [n, channels, rows, columns];
    return [
      { dtype: x.dtype, shape },
      { dtype: 'int64', shape },
    ];
  },
  emit({ attributes, inputs, used, onnx }) {
    const window = { kernel_shape: [...attributes.kernel], ...onnxWindow(attributes) };
    // Indices cost ONNX Runtime its fast pooling, so they are asked for only where a gradient reads them.
    return used[1] ? onnx.nodes('MaxPool', inputs, 2, window) : [onnx.node('MaxPool', inputs, window), ''];
  },
  gradient: ({ attributes, inputs: [x], outputs: [, indices], outputGradients: [dy] }) => [
    dy && maxPoolGradient(dy, indices, x.type.shape, attributes),
  ],
};

export interface PoolOptions extends WindowOptions {
  kernel: number | Pair;
}

/** Attributes of a pooling window; the stride is the kernel unless given. */
export function poolAttributes(x: Value, { kernel, ...options }: PoolOptions): PoolAttributes {
  const size = pair(kernel);
  const [, , height, width] = x.type.shape;
  return { kernel: size, ...windowAttributes(size, [height, width], { stride: size, ...options }) };
}

/**
 * Maximum in windows of pictures [N, C, H, W]. Padding never wins. Among equal maxima the first, row by row,
 * gets the gradient.
 */
export function maxPool2d(x: Value, options: PoolOptions): Value {
  return apply(maxPool2dOp, [x], poolAttributes(x, options))[0];
}
