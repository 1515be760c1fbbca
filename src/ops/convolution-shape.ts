/** The arithmetic that convolution, its gradients and pooling share. */
import type { Dim } from '../graph/tensor.ts';

export type Pair = readonly [height: number, width: number];
/** Zeros (or, for max pooling, nothing) added around the picture. */
export type Pads = readonly [top: number, left: number, bottom: number, right: number];

export interface WindowAttributes {
  readonly stride: Pair;
  readonly pads: Pads;
  readonly dilation: Pair;
}

export interface ConvolutionAttributes extends WindowAttributes {
  readonly groups: number;
}

export interface WindowOptions {
  stride?: number | Pair;
  /** A number for all sides, four numbers, or `same`: output = ceil(input / stride), the odd pixel at the end. */
  padding?: number | Pads | 'same';
  dilation?: number | Pair;
}

export function pair(value: number | Pair | undefined): Pair {
  return typeof value === 'object' ? value : [value ?? 1, value ?? 1];
}

/** Options with their defaults (stride 1, no padding, dilation 1) for a kernel over a picture. */
export function windowAttributes(
  kernel: Pair,
  picture: readonly [Dim, Dim],
  options: WindowOptions,
): WindowAttributes {
  const stride = pair(options.stride);
  const dilation = pair(options.dilation);
  const { padding = 0 } = options;
  if (typeof padding === 'number') {
    return { stride, dilation, pads: [padding, padding, padding, padding] };
  }
  if (typeof padding === 'object') return { stride, dilation, pads: padding };
  const sides = [0, 1].map((axis) => {
    const size = picture[axis];
    const reach = dilation[axis] * (kernel[axis] - 1) + 1;
    if (typeof size === 'string' && stride[axis] !== 1) {
      throw new Error(`'same' padding with stride ${stride[axis]} needs a known picture size`);
    }
    const total =
      typeof size === 'string'
        ? reach - 1
        : Math.max(0, (Math.ceil(size / stride[axis]) - 1) * stride[axis] + reach - size);
    return [Math.floor(total / 2), Math.ceil(total / 2)];
  });
  return { stride, dilation, pads: [sides[0][0], sides[1][0], sides[0][1], sides[1][1]] };
}

/** Output size of a window along one axis (floor mode); undefined where the window does not fit. */
export function windowOutput(
  size: Dim,
  kernel: number,
  axis: 0 | 1,
  window: WindowAttributes,
): Dim | undefined {
  const pads = window.pads[axis] + window.pads[axis + 2];
  const reach = window.dilation[axis] * (kernel - 1) + 1;
  if (typeof size === 'string') {
    // A picture of unknown size keeps it only where the window changes nothing.
    return pads === reach - 1 && window.stride[axis] === 1 ? size : undefined;
  }
  const room = size + pads - reach;
  return room < 0 ? undefined : Math.floor(room / window.stride[axis]) + 1;
}

export function onnxWindow({ stride, pads, dilation }: WindowAttributes) {
  return { strides: [...stride], pads: [...pads], dilations: [...dilation] };
}
