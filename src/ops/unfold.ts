/** Unfolding: the copies of a picture that the taps of a window see. */
import type { OnnxBuilder } from '../graph/onnx/builder.ts';
import { int64, tensor } from '../graph/tensor.ts';
import type { Pads, Pair } from './convolution-shape.ts';

export interface Unfolding {
  /** The taps: rows and columns of the window. */
  readonly taps: Pair;
  readonly stride: Pair;
  readonly dilation: Pair;
  readonly pads: Pads;
  /** Last tap first. */
  readonly backwards?: boolean;
}

/**
 * Planes [n, H, W] become [n, taps, H', W'], by a convolution of each plane with unit kernels. Slices joined by Concat
 * would say the same, but ONNX Runtime cuts slices on one thread only: two to four times slower.
 */
export function unfold(
  onnx: OnnxBuilder,
  planes: string,
  [count, height, width]: readonly [number, number, number],
  { taps, stride, dilation, pads, backwards = false }: Unfolding,
): string {
  const size = taps[0] * taps[1];
  const units = new Float32Array(size * size);
  for (let tap = 0; tap < size; tap++) units[tap * size + (backwards ? size - 1 - tap : tap)] = 1;
  // A product with 1, drawn at random from [1, 1], so that ONNX Runtime does not know the kernel beforehand: a constant
  // one would move this convolution to its blocked layout, which pads the few taps to 16 (up to five times slower).
  const one = onnx.node('RandomUniform', [], { shape: [1], low: { float: 1 }, high: { float: 1 } });
  const kernel = onnx.node('Mul', [onnx.constant('units', tensor(units, [size, 1, ...taps])), one]);
  const pictures = onnx.node('Reshape', [planes, onnx.constant('shape', int64([count, 1, height, width]))]);
  return onnx.node('Conv', [pictures, kernel], {
    strides: [...stride],
    dilations: [...dilation],
    pads: [...pads],
  });
}
