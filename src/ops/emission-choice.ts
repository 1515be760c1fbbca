/**
 * Which ONNX nodes compute a convolution's gradients fastest, by shape. ONNX Runtime has no kernels for them, and what
 * it has differs by an order of magnitude; the rules below come from measurements on the shapes of our networks
 * (`bench/ops.ts`, `docs/decisions/convolution-gradients.md`).
 */
import type { Pair } from './convolution-shape.ts';

/** A convolution, seen from one of its groups. */
export interface GradientShape {
  /** Channels and filters of a group. */
  readonly channels: number;
  readonly filters: number;
  readonly kernel: Pair;
  readonly stride: Pair;
  readonly dilation: Pair;
  /** Height and width of the result. */
  readonly output: Pair;
  readonly batch: number;
}

export interface WeightGradientChoice {
  /**
   * `whole`: pictures are unfolded into one copy a tap (im2col), h w copies. `split`: pictures are unfolded along the
   * kernel's rows and dy along its columns; the product of the two holds all taps, for h + w copies. `none`: the
   * kernel is one pixel.
   */
  readonly unfold: 'none' | 'whole' | 'split';
  /** One product over all pictures, instead of one a picture and their sum: pays where kernels outweigh pictures. */
  readonly merge: boolean;
}

/** Nanoseconds of one core (AVX-512 at 2.5 GHz); the choice hangs on their ratios only. */
const cost = {
  multiplyAdd: 1 / 40,
  /** To unfold an element and to read it in the product, beside the multiply-adds of the unit kernel. */
  copy: { whole: 1.4, split: 1.6 },
  /** To read an element of dy in the product. */
  read: 0.5,
  /** To move an element, or to write a product's element and add it up. */
  move: 1.5,
  /** To begin with the next plane of a picture. */
  plane: 400,
};

/** How to emit the gradient of a convolution's kernel. */
export function weightGradientChoice(shape: GradientShape, padded: boolean): WeightGradientChoice {
  const { channels, filters, kernel, stride, dilation, output } = shape;
  const taps = kernel[0] * kernel[1];
  const pixels = output[0] * output[1];
  if (taps === 1 && stride[0] === 1 && stride[1] === 1 && !padded) {
    const [moved, summed] = products(channels, filters, pixels);
    return { unfold: 'none', merge: shape.batch > 1 && moved < summed };
  }
  const whole = {
    rows: channels * taps,
    columns: filters,
    pixels,
    copies:
      (cost.copy.whole + taps * cost.multiplyAdd) * channels * taps +
      cost.read * filters +
      cost.plane * (channels / pixels),
  };
  const shifts = Math.ceil(kernel[0] / stride[0]);
  const split = {
    rows: channels * stride[0] * kernel[1],
    columns: filters * shifts,
    pixels: (output[0] + (shifts - 1) * dilation[0]) * output[1],
    copies:
      (cost.copy.split + stride[0] * kernel[1] * cost.multiplyAdd) *
        (channels * stride[0] * kernel[1] + filters * shifts) +
      cost.plane * ((channels + filters) / pixels),
  };
  const total = ({ rows, columns, pixels: size, copies }: typeof whole) =>
    size * (copies + cost.multiplyAdd * rows * columns) + Math.min(...products(rows, columns, size));
  // One filter a channel leaves products of a few numbers each: there the fewer rows of `split` gain nothing.
  const depthwise = channels === 1 && filters === 1;
  const possible = taps > 1 && !depthwise && (stride[0] === 1 || dilation[0] === 1);
  const best = possible && total(split) < total(whole) ? split : whole;
  const [moved, summed] = products(best.rows, best.columns, best.pixels);
  return { unfold: best === split ? 'split' : 'whole', merge: shape.batch > 1 && moved < summed };
}

/** A picture's cost of moving both factors together with other pictures', and of products to be summed. */
function products(rows: number, columns: number, pixels: number): [moved: number, summed: number] {
  return [cost.move * (rows + columns) * pixels, cost.move * rows * columns];
}

/**
 * Whether the gradient of the pictures is a convolution with the turned kernel rather than a transposed one: faster at
 * stride 1, unless the kernel, which must be turned, outweighs the pictures.
 */
export function turnsKernel({ channels, filters, stride, output, batch }: GradientShape): boolean {
  const pixels = batch * output[0] * output[1];
  return stride[0] === 1 && stride[1] === 1 && pixels >= 2 * Math.max(channels, filters);
}

/**
 * Whether a convolution is worth ONNX Runtime's blocked layout, in which channels lie in blocks of `block` and are
 * padded to whole ones. Kernels of one pixel are matrix products either way; few taps of few channels are soon done,
 * and reordering their result costs more.
 */
export function usesBlocks(shape: GradientShape, groups: number, block: number): boolean {
  const { channels, filters, kernel, stride, output, batch } = shape;
  const taps = kernel[0] * kernel[1];
  const waste = (count: number) => (Math.ceil(count / block) * block) / count;
  // Reordering wants channels in fours.
  if (groups > 1) return channels === 1 && filters === 1 && groups % 4 === 0 && waste(groups) <= 1.4;
  if ((channels >= block && channels % 4 !== 0) || filters % 4 !== 0) return false;
  if (taps === 1 && stride[0] === 1 && stride[1] === 1) return false;
  // The kernel is reordered, too, in every step.
  if (batch * output[0] * output[1] < 2 * Math.max(channels, filters)) return false;
  const enough = channels < block ? channels * taps >= 4 * block : waste(channels) <= 1.15;
  return enough && waste(filters) <= (taps * channels >= 100 && taps > 9 ? 2 : 1.15);
}
