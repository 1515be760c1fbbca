import { constant } from '../graph/leaves.ts';
import { apply1, type Op, type Value } from '../graph/node.ts';
import { fixed, int64, tensor } from '../graph/tensor.ts';
import type { Pair } from './convolution-shape.ts';
import { matMul } from './mat-mul.ts';

interface Attributes {
  readonly size: Pair;
  readonly mode: 'nearest' | 'bilinear';
}

export const resize2dOp: Op<Attributes> = {
  name: 'resize2d',
  infer([x], { size }, fail) {
    if (x.shape.length !== 4) return fail('wants pictures [N, C, H, W]');
    if (x.shape.slice(2).some((dim) => typeof dim === 'string')) return fail('wants a known picture size');
    if (size.some((side) => side < 1)) return fail(`cannot be resized to ${size.join(' x ')}`);
    return [{ dtype: x.dtype, shape: [x.shape[0], x.shape[1], ...size] }];
  },
  emit: ({ attributes: { size, mode }, inputs, onnx }) => [
    onnx.node('Resize', [inputs[0], '', '', onnx.constant('size', int64(size))], {
      axes: [2, 3],
      mode: mode === 'nearest' ? 'nearest' : 'linear',
      coordinate_transformation_mode: 'half_pixel',
      nearest_mode: 'round_prefer_floor',
    }),
  ],
  // Rows and columns are resized by two matrices, y = R x Cᵀ, so x' = Rᵀ y' C.
  gradient({ attributes: { size, mode }, inputs: [x], outputGradients: [dy] }) {
    if (dy === undefined) return [undefined];
    const [rows, columns] = fixed(x.type.shape.slice(2)).map((from, axis) =>
      constant(tensor(resizeMatrix(from, size[axis], mode), [size[axis], from])),
    );
    return [matMul(rows, matMul(dy, columns), { transA: true })];
  },
};

/** How much each of `from` pixels weighs in each of `to`, row-major [to, from]; pixel centres are at half-integers. */
export function resizeMatrix(from: number, to: number, mode: Attributes['mode']): Float32Array {
  const matrix = new Float32Array(to * from);
  for (let i = 0; i < to; i++) {
    const at = Math.min(Math.max(((i + 0.5) * from) / to - 0.5, 0), from - 1);
    if (mode === 'nearest') {
      matrix[i * from + Math.ceil(at - 0.5)] = 1;
      continue;
    }
    const low = Math.floor(at);
    const high = Math.min(low + 1, from - 1);
    matrix[i * from + low] += 1 - (at - low);
    matrix[i * from + high] += at - low;
  }
  return matrix;
}

/**
 * Pictures [N, C, H, W] at another size, by the nearest pixel (ties to the lower) or bilinearly, centres of pixels
 * at half-integers (PyTorch's align_corners=False); no smoothing before reduction.
 */
export function resize2d(x: Value, { size, mode }: { size: Pair; mode: Attributes['mode'] }): Value {
  return apply1(resize2dOp, [x], { size, mode });
}
