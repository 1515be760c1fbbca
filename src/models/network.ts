/** What a network is: one definition that trains, infers and imports weights. */
import type { z } from 'zod';
import type { Value } from '../graph/node.ts';
import type { Scope } from '../graph/scope.ts';

/** `cls` scores the picture, `seg` scores every pixel, `joint` both at once (004). */
export const tasks = ['cls', 'seg', 'joint'] as const;
export type Task = (typeof tasks)[number];

export interface NetworkOutputs {
  /** Probability of manipulated: [N]. */
  readonly score: Value;
  /** What classification losses see: [N, 1] log-odds, or [N, 2] for (real, manipulated). Absent for `seg`. */
  readonly logits?: Value;
  /** Probability of manipulated per pixel: [N, h, w], covering the picture or its central part. */
  readonly map?: Value;
  /** What segmentation losses see: [N, 1 or 2, h, w]. */
  readonly mapLogits?: Value;
}

/** Pixels reach a network as (byte / 255 - mean) / deviation, per channel R, G, B. */
export interface Normalisation {
  readonly mean: readonly [number, number, number];
  readonly deviation: readonly [number, number, number];
}

export const unitRange: Normalisation = { mean: [0, 0, 0], deviation: [1, 1, 1] };
export const centredRange: Normalisation = { mean: [0.5, 0.5, 0.5], deviation: [0.5, 0.5, 0.5] };
/** The statistics that torchvision's ImageNet weights were trained with. */
export const imagenetRange: Normalisation = {
  mean: [0.485, 0.456, 0.406],
  deviation: [0.229, 0.224, 0.225],
};

export interface Network<Options = Record<string, unknown>> {
  /** `meso4`, `resnet18`, …: what recipes and commands call it. */
  readonly name: string;
  readonly title: string;
  /** Paper and section. */
  readonly source: string;
  readonly tasks: readonly Task[];
  /** Side of the square input in pixels that the paper used. */
  readonly inputSize: number;
  readonly normalisation: Normalisation;
  /** Strict schema of the options, every one with its default: `options.parse({})` is the paper's network. */
  readonly options: z.ZodType<Options>;
  /** Trainable parameters of the default network that the source publishes; undefined where it does not. */
  readonly publishedParameters?: number;
  /** Our layer paths in the order in which Keras numbers layers of each kind, for importing HDF5 weights. */
  readonly kerasOrder?: Readonly<Record<'conv2d' | 'batch_normalization' | 'dense', readonly string[]>>;
  /** [N, 3, H, W] normalised pictures in. */
  build(scope: Scope, image: Value, options: Options): NetworkOutputs;
}
