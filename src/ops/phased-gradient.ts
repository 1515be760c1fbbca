/** Gradient of strided convolutions in the blocked layout, phase by phase. */
import type { Emission } from '../graph/node.ts';
import { fixed, int64, type Shape } from '../graph/tensor.ts';
import type { ConvolutionAttributes } from './convolution-shape.ts';
import { blocked, blockedKernel } from './convolve.ts';

type Attributes = ConvolutionAttributes & { readonly inputShape: Shape };

/** A phase along one axis: pixels a, a + s, a + 2 s, … of the picture, whose gradients come from every s-th tap. */
interface Phase {
  /** The last of the taps; they go down from it in steps of the stride. */
  readonly last: number;
  readonly taps: number;
  /** Zeros around dy. */
  readonly before: number;
  readonly after: number;
}

/**
 * The phases along an axis; undefined where padding does not suffice.
 *
 * dx[s u + a] = Σ dy[u + (a + p - i) / s] w[i] over the taps i with i ≡ a + p (mod s): a convolution of stride 1.
 */
function phasesOf(axis: 0 | 1, emission: Emission<Attributes>): Phase[] | undefined {
  const { stride, pads, inputShape } = emission.attributes;
  const [step, top] = [stride[axis], pads[axis]];
  const size = fixed(emission.inputTypes[1].shape)[axis + 2];
  const rows = fixed(emission.inputTypes[0].shape)[axis + 2];
  const whole = fixed(inputShape)[axis + 2];
  if (whole % step !== 0 || size < step) return undefined;
  const phases = Array.from({ length: step }, (_, a): Phase => {
    const first = (a + top) % step;
    const taps = Math.ceil((size - first) / step);
    const last = first + (taps - 1) * step;
    const before = -(a + top - last) / step;
    return { last, taps, before, after: whole / step - rows - before + taps - 1 };
  });
  return phases.every(({ before, after }) => before >= 0 && after >= 0) ? phases : undefined;
}

/**
 * The gradient of the pictures as one blocked convolution a phase, whose results are interleaved; undefined where the
 * shape does not allow it or a transposed convolution is as fast: ONNX Runtime adds the taps of that one up on one
 * thread, which hurts where there are many.
 */
export function phasedGradient(emission: Emission<Attributes>): string | undefined {
  const { attributes, inputs, inputTypes, channelBlock: block, onnx } = emission;
  const { stride, dilation, groups, inputShape } = attributes;
  const [filters, channels, height, width] = fixed(inputTypes[1].shape);
  const many = height * width >= 25 && stride[0] * stride[1] > 1;
  if (block === undefined || !many || groups > 1 || dilation.some((d) => d > 1)) return undefined;
  if (channels % block !== 0 || filters % block !== 0) return undefined;
  const [down, across] = [phasesOf(0, emission), phasesOf(1, emission)];
  if (down === undefined || across === undefined) return undefined;

  const [dy, w] = inputs;
  const reshaped = (name: string, shape: readonly number[]) =>
    onnx.node('Reshape', [name, onnx.constant('shape', int64(shape))]);
  const numbers = (values: readonly number[]) => onnx.constant('range', int64(values));
  const pictures = onnx.node('ReorderInput', [dy], {}, blocked);
  const phase = (i: Phase, j: Phase) => {
    const taps = onnx.node('Slice', [
      w,
      numbers([i.last, j.last]),
      // Backwards from the last tap to the first there is.
      numbers([-(2 ** 31), -(2 ** 31)]),
      numbers([2, 3]),
      numbers([-stride[0], -stride[1]]),
    ]);
    const size = [i.taps, j.taps] as const;
    const kernel = onnx.node('Transpose', [taps], { perm: [1, 0, 2, 3] });
    const shape = { kernel, channels: filters, filters: channels, groups: 1, size };
    return onnx.node(
      'Conv',
      [pictures, blockedKernel(onnx, block, shape)],
      {
        strides: [1, 1],
        dilations: [1, 1],
        group: 1,
        kernel_shape: [...size],
        pads: [i.before, j.before, i.after, j.after],
      },
      blocked,
    );
  };
  const [n, , rows, columns] = fixed(inputShape);
  const [lines, length] = [(n * channels * rows) / (block * stride[0]), columns * block];
  // In blocks a pixel is `block` numbers side by side: columns are dealt out in turn, then rows.
  const joined = down.map((i) => {
    const parts = across.map((j) => reshaped(phase(i, j), [(lines * columns) / stride[1], 1, block]));
    return reshaped(onnx.node('Concat', parts, { axis: 1 }), [lines, 1, length]);
  });
  const all = reshaped(onnx.node('Concat', joined, { axis: 1 }), [n, channels, rows, columns]);
  return onnx.node('ReorderOutput', [all], { channels }, blocked);
}
