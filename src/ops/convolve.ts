/** One convolution of pictures, in ONNX Runtime's plain layout or in its blocked one. */
import type { OnnxBuilder } from '../graph/onnx/builder.ts';
import { int64 } from '../graph/tensor.ts';
import { onnxWindow, type Pair, type WindowAttributes } from './convolution-shape.ts';
import { usesBlocks } from './emission-choice.ts';

export interface Convolution {
  readonly x: string;
  /** [O, C / groups, h, w] */
  readonly kernel: string;
  readonly bias?: string | undefined;
  readonly window: WindowAttributes;
  readonly groups: number;
  /** Of all groups together. */
  readonly channels: number;
  readonly filters: number;
  readonly size: Pair;
  /** What is known of the result where all of it is: pictures, height and width. */
  readonly output?: readonly [batch: number, height: number, width: number] | undefined;
}

/**
 * Adds the convolution. `block` is how many channels lie side by side in ONNX Runtime's blocked layout on this machine
 * (16 with AVX-512, 8 with AVX2). ONNX Runtime chooses that layout itself where kernels are constants; in a training
 * step they are not, and reordering pictures and kernels in every step still pays: 1.2 to 1.6 times faster.
 */
export function convolve(onnx: OnnxBuilder, block: number | undefined, convolution: Convolution): string {
  const { x, kernel, bias, window, groups, channels, filters, size, output } = convolution;
  const shape = output && {
    channels: channels / groups,
    filters: filters / groups,
    kernel: size,
    stride: window.stride,
    dilation: window.dilation,
    output: [output[1], output[2]] as const,
    batch: output[0],
  };
  if (block === undefined || shape === undefined || !usesBlocks(shape, groups, block)) {
    return onnx.node('Conv', bias === undefined ? [x, kernel] : [x, kernel, bias], {
      ...onnxWindow(window),
      group: groups,
    });
  }
  const depthwise = groups > 1;
  const whole = (count: number) => Math.ceil(count / block) * block;
  const picture = !depthwise && channels < block ? x : onnx.node('ReorderInput', [x], {}, blocked);
  const inputs = [picture, blockedKernel(onnx, block, convolution)];
  if (bias !== undefined) inputs.push(padded(onnx, bias, [whole(filters) - filters]));
  const y = onnx.node(
    'Conv',
    inputs,
    { ...onnxWindow(window), kernel_shape: [...size], group: depthwise ? whole(channels) : 1 },
    blocked,
  );
  return onnx.node('ReorderOutput', [y], { channels: filters }, blocked);
}

/** ONNX Runtime's own operations over channels in blocks. */
export const blocked = 'com.microsoft.nchwc';

/** The kernel in blocks: [O/b, C/b, h, w, b of C, b of O], or without blocks of C where there are fewer channels. */
export function blockedKernel(
  onnx: OnnxBuilder,
  block: number,
  convolution: Pick<Convolution, 'kernel' | 'channels' | 'filters' | 'groups' | 'size'>,
): string {
  const { kernel, channels, filters, groups, size } = convolution;
  const whole = (count: number) => Math.ceil(count / block) * block;
  const reshaped = (name: string, shape: readonly number[]) =>
    onnx.node('Reshape', [name, onnx.constant('shape', int64(shape))]);
  const [rows, columns] = size;
  const outer = whole(filters) / block;
  const perGroup = channels / groups;
  if (perGroup < block) {
    const all = padded(onnx, kernel, [whole(filters) - filters, 0, 0, 0]);
    const apart = reshaped(all, [outer, block, perGroup, rows, columns]);
    const turned = onnx.node('Transpose', [apart], { perm: [0, 2, 3, 4, 1] });
    return reshaped(turned, [whole(filters), perGroup, rows, columns]);
  }
  const all = padded(onnx, kernel, [whole(filters) - filters, whole(channels) - channels, 0, 0]);
  const apart = reshaped(all, [outer, block, whole(channels) / block, block, rows, columns]);
  const turned = onnx.node('Transpose', [apart], { perm: [0, 2, 4, 5, 3, 1] });
  return reshaped(turned, [whole(filters), whole(channels), rows, columns]);
}

/** Zeros at the ends of the axes. */
function padded(onnx: OnnxBuilder, name: string, ends: readonly number[]): string {
  if (ends.every((count) => count === 0)) return name;
  return onnx.node('Pad', [name, onnx.constant('pads', int64([...ends.map(() => 0), ...ends]))]);
}
