/** Layers that several networks share. Each names its parameters under its own layer path. */
import { scalar } from '../graph/leaves.ts';
import type { Value } from '../graph/node.ts';
import type { Initializer, Scope } from '../graph/scope.ts';
import { fixed, sizeOf } from '../graph/tensor.ts';
import type { WindowOptions } from '../ops/convolution-shape.ts';
import * as ops from '../ops/index.ts';

export interface ConvolutionLayer extends WindowOptions {
  filters: number;
  kernel: number;
  groups?: number;
  /** A bias is left out where a batch normalisation follows directly. */
  bias?: boolean;
  /** Keras starts kernels Glorot-uniform, torchvision's ResNet He-normal by fan-out, its DenseNet by fan-in. */
  start?: 'glorot' | 'he' | 'he-in' | 'fan-in';
}

function kernelStart(start: ConvolutionLayer['start'], fanIn: number, fanOut: number): Initializer {
  if (start === 'he') return { kind: 'he-normal', fan: fanOut };
  if (start === 'he-in') return { kind: 'he-normal', fan: fanIn };
  if (start === 'fan-in') return { kind: 'fan-in-uniform', fanIn };
  return { kind: 'glorot-uniform', fanIn, fanOut };
}

/** Convolution: parameters `weight` [filters, C / groups, k, k] and `bias` [filters]. */
export function convolution(scope: Scope, name: string, x: Value, layer: ConvolutionLayer): Value {
  const { filters, kernel, groups = 1, bias = true, start = 'glorot', ...window } = layer;
  return scope.layer(name, (inner) => {
    const channels = x.type.shape[1] as number;
    const fanIn = (channels / groups) * kernel * kernel;
    const fanOut = (filters / groups) * kernel * kernel;
    const weight = inner.parameter(
      'weight',
      [filters, channels / groups, kernel, kernel],
      kernelStart(start, fanIn, fanOut),
    );
    const biasStart: Initializer =
      start === 'fan-in' ? { kind: 'fan-in-uniform', fanIn } : { kind: 'constant', value: 0 };
    return ops.conv2d(x, weight, {
      ...window,
      groups,
      bias: bias ? inner.parameter('bias', [filters], biasStart) : undefined,
    });
  });
}

export interface BatchNormalisationLayer {
  epsilon?: number;
  /** Share of the running statistics that a step replaces: PyTorch 0.1, Keras 1 - 0.99 = 0.01. */
  momentum?: number;
  /** PyTorch's running variance is the unbiased one, Keras' the biased. */
  unbiased?: boolean;
}

/** Keras' batch normalisation, as MesoNet uses it (errata in the papers' README). */
export const kerasNorm: BatchNormalisationLayer = { epsilon: 1e-3, momentum: 0.01, unbiased: false };
export const torchNorm: BatchNormalisationLayer = { epsilon: 1e-5, momentum: 0.1, unbiased: true };

/** Batch normalisation over channels: `gamma`, `beta`, running `mean` and `variance`, each [C]. */
export function batchNormalisation(
  scope: Scope,
  name: string,
  x: Value,
  { epsilon = 1e-5, momentum = 0.1, unbiased = true }: BatchNormalisationLayer = torchNorm,
): Value {
  return scope.layer(name, (inner) => {
    const channels = x.type.shape[1] as number;
    const ones: Initializer = { kind: 'constant', value: 1 };
    const zeros: Initializer = { kind: 'constant', value: 0 };
    const gamma = inner.parameter('gamma', [channels], ones);
    const beta = inner.parameter('beta', [channels], zeros);
    const mean = inner.parameter('mean', [channels], zeros, { trainable: false });
    const variance = inner.parameter('variance', [channels], ones, { trainable: false });
    if (inner.mode === 'inference') return ops.batchNorm(x, gamma, beta, mean, variance, { epsilon });
    const batch = ops.batchNormTraining(x, gamma, beta, { epsilon });
    // Values that each channel's statistics are taken over: all axes but the channels.
    const samples = sizeOf(fixed(x.type.shape)) / channels;
    const correction = unbiased && samples > 1 ? samples / (samples - 1) : 1;
    inner.update('mean', mix(mean, batch.mean, momentum));
    inner.update('variance', mix(variance, ops.multiply(batch.variance, scalar(correction)), momentum));
    return batch.y;
  });
}

/** (1 - share) before + share now. */
function mix(before: Value, now: Value, share: number): Value {
  return ops.add(ops.multiply(before, scalar(1 - share)), ops.multiply(now, scalar(share)));
}

/** Dense layer on [N, C]: `weight` [C, units], `bias` [units]. */
export function dense(
  scope: Scope,
  name: string,
  x: Value,
  units: number,
  start: 'glorot' | 'fan-in' = 'glorot',
): Value {
  return scope.layer(name, (inner) => {
    const fanIn = x.type.shape[1] as number;
    const weight = inner.parameter('weight', [fanIn, units], kernelStart(start, fanIn, units));
    const biasStart: Initializer =
      start === 'fan-in' ? { kind: 'fan-in-uniform', fanIn } : { kind: 'constant', value: 0 };
    return ops.add(ops.matMul(x, weight), inner.parameter('bias', [units], biasStart));
  });
}

/** Dense layer on [N, C] in PyTorch's order and start: `weight` [units, C], `bias` [units]. */
export function linear(scope: Scope, name: string, x: Value, units: number): Value {
  return scope.layer(name, (inner) => {
    const fanIn = x.type.shape[1] as number;
    const start: Initializer = { kind: 'fan-in-uniform', fanIn };
    return ops.dense(
      x,
      inner.parameter('weight', [units, fanIn], start),
      inner.parameter('bias', [units], start),
    );
  });
}

/**
 * The score beside a map, [N, 1] log-odds: from pooled features [N, C, h, w] together with the mean and the maximum of
 * the map's logits [N, 1, h', w'], so that a small forged region can decide. Parameters `score/output`.
 */
export function scoreBesideMap(scope: Scope, features: Value, mapLogits: Value, dropoutRate: number): Value {
  const flat = ops.reshape(mapLogits, [mapLogits.type.shape[0], -1]);
  return scope.layer('score', (inner) => {
    const pooled = dropout(inner, 'dropout', ops.globalAveragePool2d(features), dropoutRate);
    const seen = [
      ops.reduceMean(flat, [1], { keepAxes: true }),
      ops.reduceMax(flat, [1], { keepAxes: true }),
    ];
    return linear(inner, 'output', ops.concat([pooled, ...seen]), 1);
  });
}

/** Zeroes a share of the values while training and scales up the rest; nothing in inference. */
export function dropout(scope: Scope, name: string, x: Value, rate: number): Value {
  if (scope.mode === 'inference' || rate === 0) return x;
  return ops.dropout(x, scope.noise(name, x.type.shape), rate);
}

/** [N, C, H, W] to [N, H W C]: Keras flattens with channels last, and dense weights are ordered so. */
export function flattenChannelsLast(x: Value): Value {
  const [n, c, h, w] = x.type.shape;
  return ops.reshape(ops.transpose(x, [0, 2, 3, 1]), [n, (c as number) * (h as number) * (w as number)]);
}

/** [N, 1] log-odds or [N, 2] class logits (real, manipulated) to the probability of manipulated, [N]. */
export function probability(logits: Value): Value {
  const [n, classes] = logits.type.shape;
  if (classes === 1) return ops.reshape(ops.sigmoid(logits), [n]);
  return ops.reshape(ops.slice(ops.softmax(logits, 1), { axis: 1, from: 1, to: 2 }), [n]);
}

/** The same per pixel: [N, 1 or 2, h, w] to [N, h, w]. */
export function mapProbability(logits: Value): Value {
  const [n, classes, h, w] = logits.type.shape;
  if (classes === 1) return ops.reshape(ops.sigmoid(logits), [n, h, w]);
  return ops.reshape(ops.slice(ops.softmax(logits, 1), { axis: 1, from: 1, to: 2 }), [n, h, w]);
}
