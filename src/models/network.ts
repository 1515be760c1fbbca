/** What a network is: one definition that trains, infers and imports weights. */
import type { z } from 'zod';
import type { Value } from '../graph/node.ts';
import type { Scope } from '../graph/scope.ts';
import type { Dim, Shape } from '../graph/tensor.ts';

/** `cls` scores the picture, `seg` scores every pixel, `joint` both at once (004). */
export const tasks = ['cls', 'seg', 'joint'] as const;
export type Task = (typeof tasks)[number];

export interface NetworkOutputs {
  /** Probability of manipulated: [N]. */
  readonly score: Value;
  /** What classification losses see: [N, 1] log-odds, or [N, 2] for (real, manipulated). Absent for `seg`. */
  readonly logits?: Value;
  /**
   * [N, h, w] in 0…1, covering the picture or its central part (the window arithmetic of
   * the graph says where: `train/losses/patch-centres.ts`): the
   * probability of manipulated per pixel, or for `cls` the class activation map, normalised per picture (003,
   * equation 3), which ranks pixels and is no probability.
   */
  readonly map?: Value;
  /** What segmentation losses see: [N, 1 or 2, h, w]. Absent for `cls`. */
  readonly mapLogits?: Value;
  /** The map thresholded: [N, h, w] of 0 and 1. For `cls` all 0 where the picture is not called manipulated. */
  readonly mask?: Value;
  /** [N] of 0 and 1: the score against the network's own threshold (0.5, or tau2 of a segmenter). */
  readonly decision?: Value;
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

/** Our parameter paths in the words of a PyTorch library, so that its state dicts can be loaded. */
export interface TorchNames {
  /** Whose network it is: `torchvision resnet18`. */
  readonly library: string;
  /** Name in the state dict; undefined where that library's network has no such tensor (our own head). */
  name(path: string): string | undefined;
  /** Today's name of a tensor that older files of the library call otherwise. */
  canonical?(name: string): string;
  /** Layers of the library's network that ours replaces, such as `fc`: left aside when a trunk is loaded. */
  readonly classifier: readonly string[];
}

export interface Network<Options = Record<string, unknown>> {
  /** `meso4`, `resnet18`, …: what recipes and commands call it. */
  readonly name: string;
  readonly title: string;
  /** Paper and section. */
  readonly source: string;
  readonly tasks: readonly Task[];
  /** Side of the square input in pixels that the paper used. */
  readonly inputSize: number;
  /** Sides that the network can be built for: at least `min`, a multiple of `step`. */
  readonly sizes: { readonly min: number; readonly step: number };
  /** Frames of a sequence, for networks that look at several at once. */
  readonly frames?: number;
  readonly normalisation: Normalisation;
  /** Strict schema of the options, every one with its default: `options.parse({})` is the paper's network. */
  readonly options: z.ZodType<Options>;
  /** Trainable parameters of the default network that the source publishes; undefined where it does not. */
  readonly publishedParameters?: number;
  /** Our layer paths in the order in which Keras numbers layers of each kind, for importing HDF5 weights. */
  readonly kerasOrder?: Readonly<Record<'conv2d' | 'batch_normalization' | 'dense', readonly string[]>>;
  readonly torch?: TorchNames;
  /** Normalised pictures in: [N, 3, H, W], or [N, frames, 3, H, W] where the network looks at sequences. */
  build(scope: Scope, image: Value, options: Options): NetworkOutputs;
}

/** Shape of the network's input for square pictures; `batch` may be symbolic. */
export function inputShape(network: Network, batch: Dim, size: number = network.inputSize): Shape {
  return network.frames === undefined ? [batch, 3, size, size] : [batch, network.frames, 3, size, size];
}

/** The options that make the network one for the task; `extra` are further options. Throws zod's errors. */
export function optionsFor(
  network: Network,
  task: Task,
  extra: Record<string, unknown> = {},
): Record<string, unknown> {
  if (!network.tasks.includes(task)) {
    throw new Error(`${network.name} has no task ${task}, only ${network.tasks.join(', ')}`);
  }
  return network.options.parse(network.tasks.length > 1 ? { task, ...extra } : extra);
}
