/** A detector opened for explanation: its network's graph again, with the weights that its file carries. */
import { input } from '../graph/leaves.ts';
import { topological, type Value } from '../graph/node.ts';
import { Scope } from '../graph/scope.ts';
import type { Tensor } from '../graph/tensor.ts';
import { networkNamed } from '../models/index.ts';
import type { NetworkOutputs } from '../models/network.ts';
import { readOnnxWeights } from '../models/weights/onnx.ts';
import * as ops from '../ops/index.ts';

export interface SubjectOptions {
  /** The detector's file. */
  bytes: Uint8Array;
  network: { name: string; options: Record<string, unknown> };
  /** The input's height and width in pixels. */
  height: number;
  width: number;
}

export interface Layer {
  /** Path of the layer whose activation it is, such as `eighth/pair1`. */
  path: string;
  /** [N, channels, height, width], after the non-linearity. */
  value: Value;
  channels: number;
}

/** The network with a fixed number of pictures: gradients need to know it. */
export interface Built {
  image: Value;
  outputs: NetworkOutputs;
  /** Activations in the order of the network. */
  layers: Layer[];
  /** What is explained: the sum over pictures of the log-odds of "manipulated". */
  evidence: Value;
  weights: ReadonlyMap<string, Tensor>;
}

const activations = new Set(['relu', 'leakyRelu']);

/** Builds the network for `count` pictures. Throws an `Error` where the file lacks a weight of the network. */
export function buildSubject({ bytes, network, height, width }: SubjectOptions, count: number): Built {
  const definition = networkNamed(network.name);
  const scope = Scope.root('inference');
  const image = input('image', [count, 3, height, width]);
  const outputs = definition.build(scope, image, definition.options.parse(network.options));
  const reached = [outputs.score, ...(outputs.map ? [outputs.map] : [])];
  const layers = topological(reached).flatMap((node) => {
    const [value] = node.outputs;
    if (!activations.has(node.op.name) || value.type.shape.length !== 4) return [];
    return [{ path: node.path, value, channels: value.type.shape[1] as number }];
  });
  return {
    image,
    outputs,
    layers: distinct(layers),
    evidence: ops.reduceSum(logOdds(outputs)),
    weights: readOnnxWeights(
      bytes,
      scope.parameters.map(({ path }) => path),
    ),
  };
}

/** [N]: classifiers say it themselves; a segmenter's is the mean over its pixels (003: its score is the map's mean). */
function logOdds({ logits, mapLogits }: NetworkOutputs): Value {
  const from = logits ?? mapLogits;
  if (from === undefined) throw new Error('the network has no log-odds');
  const [n, classes] = from.type.shape as number[];
  const flat = ops.reduceMean(ops.reshape(from, [n, classes, -1]), [2]);
  if (classes === 1) return ops.reshape(flat, [n]);
  const [real, manipulated] = ops.split(flat, 1, [1, 1]);
  return ops.reshape(ops.subtract(manipulated, real), [n]);
}

/** Two activations of one layer are told apart by a number. */
function distinct(layers: Layer[]): Layer[] {
  const seen = new Map<string, number>();
  return layers.map((layer) => {
    const times = (seen.get(layer.path) ?? 0) + 1;
    seen.set(layer.path, times);
    return times === 1 ? layer : { ...layer, path: `${layer.path} (${times})` };
  });
}
