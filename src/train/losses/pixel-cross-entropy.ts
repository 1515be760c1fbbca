import { scalar } from '../../graph/leaves.ts';
import type { Value } from '../../graph/node.ts';
import { fixed } from '../../graph/tensor.ts';
import * as ops from '../../ops/index.ts';
import { crossEntropyOf, type LossContext, type PixelWeights, required, smooth } from './loss.ts';
import { patchCentres } from './patch-centres.ts';

/**
 * Cross entropy averaged over the map's pixels, [N] (004, L_seg; 003's segmenters). A map smaller than the
 * picture is held against the mask at the centres of the patches that its pixels saw (004, IV-C). Pixels that count
 * more, or not at all, change their part of that average, not what it is divided by.
 */
export function pixelCrossEntropy({ outputs, labels, image, smoothing, pixels }: LossContext): Value {
  const needs = (value: Value | undefined, what: string) => required(value, 'pixel-cross-entropy', what);
  const logits = needs(outputs.mapLogits, 'a network with a map (task seg or joint)');
  const mask = maskAtCentres(needs(labels.mask, 'masks'), logits, image);
  const losses = crossEntropyOf(logits, smooth(mask, smoothing));
  return ops.reduceMean(weigh(losses, mask, pixels), [1, 2]);
}

/** @param losses [N, h, w] */
function weigh(losses: Value, mask: Value, { manipulatedPixels = 1, unmasked }: PixelWeights = {}): Value {
  const more = ops.add(ops.multiply(mask, scalar(manipulatedPixels - 1)), scalar(1));
  const weighed = manipulatedPixels === 1 ? losses : ops.multiply(losses, more);
  if (unmasked !== 'ignored') return weighed;
  return ops.select(ops.greater(scalar(0), mask), scalar(0), weighed);
}

/** The mask [N, H, W] sub-sampled to the map's [N, h, w]. */
export function maskAtCentres(mask: Value, logits: Value, image: Value): Value {
  const [n, , height, width] = fixed(logits.type.shape);
  const [, ...picture] = fixed(mask.type.shape);
  if (picture[0] === height && picture[1] === width) return mask;
  const { stride, first } = patchCentres(logits, image);
  const cut = [height, width].reduce((x, count, axis) => {
    const to = first[axis] + (count - 1) * stride[axis] + 1;
    return ops.slice(x, { axis: axis + 1, from: first[axis], to });
  }, mask);
  const [, rows, columns] = fixed(cut.type.shape);
  // A window of one pixel that moves by the stride picks every stride-th pixel.
  const picked = ops.averagePool2d(ops.reshape(cut, [n, 1, rows, columns]), { kernel: 1, stride });
  return ops.reshape(picked, [n, height, width]);
}
