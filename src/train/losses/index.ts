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

export const lossSchema = z
  .discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('mean-squared-error'), smoothing }),
    z.strictObject({ kind: z.literal('cross-entropy'), smoothing }),
    z.strictObject({ kind: z.literal('pixel-cross-entropy'), smoothing }),
    z.strictObject({
      kind: z.literal('joint'),
      smoothing,
      lambda: z.number().min(0).max(1).describe('Share of the segmentation loss (004, lambda_seg)'),
    }),
  ])
  .describe('What training makes small');
export type LossOptions = z.infer<typeof lossSchema>;

/** True where the loss reads masks. */
export function needsMasks(loss: LossOptions): boolean {
  return loss.kind === 'pixel-cross-entropy' || (loss.kind === 'joint' && loss.lambda > 0);
}

/** The scalar loss of a batch: the mean over its pictures, weighted where the labels carry weights. */
export function buildLoss(options: LossOptions, context: Omit<LossContext, 'smoothing'>): Value {
  return batchMean(lossOfEach(options, { ...context, smoothing: options.smoothing }), context.labels.weight);
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
