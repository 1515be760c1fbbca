/** All losses, and how recipes name them. */
import { z } from 'zod';
import type { Value } from '../../graph/node.ts';
import { crossEntropy } from './cross-entropy.ts';
import { joint } from './joint.ts';
import { batchMean, type LossContext } from './loss.ts';
import { meanSquaredError } from './mean-squared-error.ts';
import { pixelCrossEntropy } from './pixel-cross-entropy.ts';

const smoothing = z
  .number()
  .min(0)
  .lt(1)
  .default(0)
  .describe('Label smoothing ε: t becomes (1 - ε) t + ε / 2');

const pixels = {
  manipulatedPixels: z
    .number()
    .positive()
    .optional()
    .describe('How much a manipulated pixel counts beside an untouched one; 1 where absent'),
  unmasked: z
    .enum(['whole', 'ignored'])
    .optional()
    .describe(
      'Manipulated pictures without a mask: all of it manipulated (003, 004), or their map not trained; whole where absent',
    ),
};

export const lossSchema = z
  .discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('mean-squared-error'), smoothing }),
    z.strictObject({ kind: z.literal('cross-entropy'), smoothing }),
    z.strictObject({ kind: z.literal('pixel-cross-entropy'), smoothing, ...pixels }),
    z.strictObject({
      kind: z.literal('joint'),
      smoothing,
      ...pixels,
      lambda: z.number().min(0).max(1).describe('Share of the segmentation loss (004, lambda_seg)'),
    }),
  ])
  .describe('What training makes small');
export type LossOptions = z.infer<typeof lossSchema>;

type OverPixels = Extract<LossOptions, { kind: 'pixel-cross-entropy' | 'joint' }>;

function readsMasks(loss: LossOptions): loss is OverPixels {
  return loss.kind === 'pixel-cross-entropy' || (loss.kind === 'joint' && loss.lambda > 0);
}

/** True where the loss reads masks. */
export const needsMasks = (loss: LossOptions): boolean => readsMasks(loss);

/** True where manipulated pictures without a mask have no part in the loss of the map. */
export const ignoresUnmasked = (loss: LossOptions): boolean =>
  readsMasks(loss) && loss.unmasked === 'ignored';

/** The scalar loss of a batch: the mean over its pictures, weighted where the labels carry weights. */
export function buildLoss(options: LossOptions, context: Omit<LossContext, 'smoothing'>): Value {
  const full = {
    ...context,
    smoothing: options.smoothing,
    ...(readsMasks(options) ? { pixels: options } : {}),
  };
  return batchMean(lossOfEach(options, full), context.labels.weight);
}

function lossOfEach(options: LossOptions, context: LossContext): Value {
  switch (options.kind) {
    case 'mean-squared-error':
      return meanSquaredError(context);
    case 'cross-entropy':
      return crossEntropy(context);
    case 'pixel-cross-entropy':
      return pixelCrossEntropy(context);
    case 'joint':
      return joint(context, options.lambda);
  }
}
