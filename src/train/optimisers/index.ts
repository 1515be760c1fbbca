/** All optimisers, and how recipes name them. */
import { z } from 'zod';
import { adam } from './adam.ts';
import type { Optimiser } from './optimiser.ts';
import { sgd } from './sgd.ts';

const share = z.number().min(0).lt(1);
const decayAll = z.boolean().default(false).describe('Decay biases and norms as well');
const moments = {
  beta1: share.default(0.9),
  beta2: share.default(0.999),
  epsilon: z.number().positive().default(1e-8),
  epsilonPlacement: z
    .enum(['torch', 'keras'])
    .default('torch')
    .describe('torch: after bias correction; keras: before'),
};

const baseSchemas = [
  z.strictObject({
    kind: z.literal('adam'),
    ...moments,
    l2: z.number().nonnegative().default(0).describe('Adds l2 · w to the gradient'),
    decayAll,
  }),
  z.strictObject({
    kind: z.literal('adamw'),
    ...moments,
    decay: z.number().nonnegative().default(0.01).describe('Decoupled: w shrinks by learning rate · decay'),
    decayAll,
  }),
  z.strictObject({
    kind: z.literal('sgd'),
    momentum: share.default(0.9),
    nesterov: z.boolean().default(false),
    l2: z.number().nonnegative().default(0),
    decayAll,
  }),
] as const;

const baseSchema = z.discriminatedUnion('kind', baseSchemas);
export type BaseOptimiserOptions = z.infer<typeof baseSchema>;

export const optimiserSchema = z
  .discriminatedUnion('kind', [
    ...baseSchemas,
    z.strictObject({
      kind: z.literal('sam'),
      rho: z.number().positive().default(0.05).describe('Radius in which the worst loss is sought'),
      base: baseSchema.default(baseSchema.parse({ kind: 'sgd' })),
    }),
  ])
  .describe('How gradients move weights');
export type OptimiserOptions = z.infer<typeof optimiserSchema>;

/** The rule that moves the weights; SAM's own part (where gradients are taken) is built by the step. */
export function optimiserOf(options: OptimiserOptions): Optimiser {
  switch (options.kind) {
    case 'adam':
      return adam(options, { rate: options.l2, kind: 'l2', all: options.decayAll });
    case 'adamw':
      return adam(options, { rate: options.decay, kind: 'decoupled', all: options.decayAll });
    case 'sgd':
      return sgd(options, { rate: options.l2, kind: 'l2', all: options.decayAll });
    case 'sam':
      return optimiserOf(options.base);
  }
}
