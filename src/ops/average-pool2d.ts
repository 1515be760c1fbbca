import { apply1, type Op, type Value } from '../graph/node.ts';
import { averagePoolGradient } from './average-pool-gradient.ts';
import { onnxWindow, windowOutput } from './convolution-shape.ts';
import { type PoolAttributes, type PoolOptions, poolAttributes } from './max-pool2d.ts';

export interface AverageAttributes extends PoolAttributes {
  /** Whether zeros of the padding count as elements (PyTorch: yes; Keras: no). */
  readonly countPadding: boolean;
}

export const averagePool2dOp: Op<AverageAttributes> = {
  name: 'averagePool2d',
  infer([x], attributes, fail) {
    if (x.shape.length !== 4) return fail('wants pictures [N, C, H, W]');
    const [n, channels, height, width] = x.shape;
    const { kernel, pads } = attributes;
    if (pads.some((p, side) => p >= kernel[side % 2]))
      return fail('a window may not lie in the padding alone');
    const rows = windowOutput(height, kernel[0], 0, attributes);
    const columns = windowOutput(width, kernel[1], 1, attributes);
    if (rows === undefined || columns === undefined) return fail('the window does not fit into the picture');
    return [{ dtype: x.dtype, shape: [n, channels, rows, columns] }];
  },
  emit: ({ attributes, inputs, onnx }) => [
    onnx.node('AveragePool', inputs, {
      kernel_shape: [...attributes.kernel],
      ...onnxWindow(attributes),
      count_include_pad: attributes.countPadding ? 1 : 0,
    }),
  ],
  gradient: ({ attributes, inputs: [x], outputGradients: [dy] }) => [
    dy && averagePoolGradient(dy, x.type.shape, attributes),
  ],
};

/** Mean in windows of pictures [N, C, H, W]. Padding counts as zeros unless `countPadding` is false. */
export function averagePool2d(x: Value, options: PoolOptions & { countPadding?: boolean }): Value {
  const { countPadding = true, ...window } = options;
  return apply1(averagePool2dOp, [x], { ...poolAttributes(x, window), countPadding });
}
