/**
 * The training step as one ONNX model: weights, optimiser state and a batch in; loss, gradient norm, scores and the
 * next weights and state out.
 */
import { input, scalar } from '../graph/leaves.ts';
import type { Value } from '../graph/node.ts';
import { emitOnnx } from '../graph/onnx/emit.ts';
import { type Parameter, Scope } from '../graph/scope.ts';
import { type FloatTensor, fixed, tensor } from '../graph/tensor.ts';
import { inputShape, type Network, type NetworkOutputs } from '../models/network.ts';
import * as ops from '../ops/index.ts';
import { clipByNorm, globalNorm } from './clip.ts';
import { frozenPaths } from './freeze.ts';
import { buildLoss, type LossOptions, needsMasks } from './losses/index.ts';
import type { Labels } from './losses/loss.ts';
import { type OptimiserOptions, optimiserOf } from './optimisers/index.ts';
import type { Optimiser } from './optimisers/optimiser.ts';
import { sharpnessAware } from './optimisers/sam.ts';
import { substitute } from './substitute.ts';

export interface StepOptions {
  network: Network;
  /** The network's options, checked by its schema. */
  options: Record<string, unknown>;
  batchSize: number;
  /** Side of the square pictures in pixels. */
  size: number;
  loss: LossOptions;
  optimiser: OptimiserOptions;
  /** Greatest global norm of the gradients. */
  clip?: number | undefined;
  /** Layers that stand still; see {@link frozenPaths}. */
  freeze?: readonly string[];
  /** Decay of the moving average of the weights. */
  ema?: number | undefined;
  /** Feeds a weight a picture. */
  sampleWeights?: boolean;
  /** Channels in a block of the processor's convolution layout (`runtime/channel-block.ts`); CPU only. */
  channelBlock?: number | undefined;
}

/** A tensor that one step gives and the next one takes. */
export interface Carried {
  /** Its key in checkpoints too: a layer path, `state/SLOT/PATH` or `ema/PATH`. */
  readonly input: string;
  readonly output: string;
  readonly shape: readonly number[];
}

export interface StepModel {
  readonly model: Uint8Array;
  readonly parameters: readonly Parameter[];
  /** Paths of the weights that the optimiser moves. */
  readonly trained: readonly string[];
  /** Weights that move, running statistics, optimiser state, moving averages. */
  readonly carried: readonly Carried[];
  /** Inputs that stand still: frozen weights. */
  readonly constant: readonly string[];
  readonly noise: readonly { readonly name: string; readonly shape: readonly number[] }[];
  readonly masks: boolean;
  /** Scalar feeds of a step; `count` is the optimiser's, from 1. */
  scalars(learningRate: number, count: number): Record<string, FloatTensor>;
}

/** The graph of a step before its optimiser: what the diagnosis of a failed step needs too. */
export interface LossGraph {
  readonly scope: Scope;
  readonly image: Value;
  readonly outputs: NetworkOutputs;
  readonly loss: Value;
  /** Next values of the running statistics that move. */
  readonly updates: ReadonlyMap<string, Value>;
  readonly trained: readonly Parameter[];
  /** Gradients of the loss, in the order of `trained`. */
  readonly gradients: readonly Value[];
}

export function buildLossGraph(options: StepOptions): LossGraph {
  const { network, batchSize: n, size, loss: lossOptions } = options;
  const scope = Scope.root('training');
  const image = input('image', inputShape(network, n, size));
  const built = network.build(scope, image, options.options);
  const frozen = frozenPaths(scope.parameters, options.freeze ?? []);
  const { outputs, updates } = holdFrozenNorms(scope, built, frozen);
  const labels: Labels = {
    label: input('label', [n]),
    ...(needsMasks(lossOptions) ? { mask: input('mask', [n, size, size]) } : {}),
    ...(options.sampleWeights ? { weight: input('weight', [n]) } : {}),
  };
  const loss = buildLoss(lossOptions, { outputs, labels, image });
  const movable = scope.parameters.filter(({ path, trainable }) => trainable && !frozen.has(path));
  const found = ops.gradientsOf(
    loss,
    movable.map(({ value }) => value),
  );
  // A joint network trained on one task alone leaves the other head's weights where they are.
  const trained = movable.filter((_, i) => found[i] !== undefined);
  if (trained.length === 0) throw new Error('no weight is left to train');
  const gradients = found.filter((gradient) => gradient !== undefined);
  return { scope, image, outputs, loss, updates, trained, gradients };
}

/** Builds the step's model. @throws RECIPE_INVALID at a freeze pattern without a match. */
export function buildStep(options: StepOptions): StepModel {
  const graph = buildLossGraph(options);
  const { scope, outputs, loss, trained } = graph;
  const rule = optimiserOf(options.optimiser);
  const weights = trained.map(({ value }) => value);
  const raw =
    options.optimiser.kind === 'sam'
      ? sharpnessAware(loss, weights, graph.gradients, options.optimiser.rho)
      : graph.gradients;
  const norm = globalNorm(raw);
  const gradients = options.clip === undefined ? raw : clipByNorm(raw, norm, options.clip);

  const scalarNames = Object.keys(rule.scalars(1, 1));
  const scalars = Object.fromEntries(scalarNames.map((name) => [name, input(`scalar/${name}`, [])]));
  const { kind, rate } = rule.decay;
  const shrink = kind === 'decoupled' && rate > 0 ? input('scalar/shrink', []) : undefined;
  const model = new Map<string, Value>([
    ['loss', loss],
    ['norm', norm],
    ['score', outputs.score],
  ]);
  const carried: Carried[] = [];
  const carry = (key: string, shape: readonly number[], next: Value) => {
    carried.push({ input: key, output: `next/${key}`, shape });
    model.set(`next/${key}`, next);
  };
  const next = new Map(graph.updates);
  for (const [i, parameter] of trained.entries()) {
    const { path, shape, value } = parameter;
    const slotKey = (slot: string) => `state/${slot}/${path}`;
    const updated = rule.update({
      ...decayed(rule, parameter, gradients[i], shrink),
      slots: Object.fromEntries(rule.slots.map((slot) => [slot, input(slotKey(slot), value.type.shape)])),
      scalars,
    });
    // Such as Bayar's first convolution: what the optimiser made of it is projected back onto its constraint.
    const constraint = scope.constraints.get(path);
    next.set(path, constraint ? constraint(updated.weight) : updated.weight);
    for (const slot of rule.slots) carry(slotKey(slot), shape, updated.slots[slot]);
  }
  for (const { path, shape, value } of scope.parameters) {
    const after = next.get(path);
    if (after === undefined) continue;
    carry(path, shape, after);
    if (options.ema === undefined) continue;
    // e' = e + (1 - d) (w' - e); running statistics are averaged along with the weights they belong to.
    const average = input(`ema/${path}`, value.type.shape);
    const move = ops.multiply(ops.subtract(after, average), scalar(1 - options.ema));
    carry(`ema/${path}`, shape, ops.add(average, move));
  }
  return {
    model: emitOnnx({
      name: `${options.network.name}-step`,
      outputs: model,
      ...(options.channelBlock === undefined ? {} : { channelBlock: options.channelBlock }),
    }),
    parameters: scope.parameters,
    trained: trained.map(({ path }) => path),
    carried,
    constant: scope.parameters.map(({ path }) => path).filter((path) => !next.has(path)),
    noise: [...scope.noiseInputs].map(([name, { type }]) => ({ name, shape: fixed(type.shape) })),
    masks: needsMasks(options.loss),
    scalars(learningRate, count) {
      const numbers = Object.entries(rule.scalars(learningRate, count)).map(([name, value]) => [
        `scalar/${name}`,
        tensor([value], []),
      ]);
      const more = shrink ? [['scalar/shrink', tensor([1 - learningRate * rate], [])]] : [];
      return Object.fromEntries([...numbers, ...more]);
    },
  };
}

/** The weight and gradient that the rule sees, with the decay in its place. */
function decayed(rule: Optimiser, { value, shape }: Parameter, gradient: Value, shrink: Value | undefined) {
  const { kind, rate, all } = rule.decay;
  if (rate === 0 || (shape.length <= 1 && !all)) return { weight: value, gradient };
  if (kind === 'decoupled' && shrink) return { weight: ops.multiply(value, shrink), gradient };
  return { weight: value, gradient: ops.add(gradient, ops.multiply(value, scalar(rate))) };
}

/**
 * A norm whose scale and shift stand still uses its running statistics, which stand still too: otherwise a "frozen"
 * layer would answer differently to every batch, and forget what it was trained on.
 */
function holdFrozenNorms(scope: Scope, built: NetworkOutputs, frozen: ReadonlySet<string>) {
  const values = new Map(scope.parameters.map(({ path, value }) => [path, value]));
  const held = (path: string) => frozen.has(`${path}/gamma`) && frozen.has(`${path}/beta`);
  const updates = [...scope.updates].filter(([path]) => !held(path.slice(0, path.lastIndexOf('/'))));
  const names = (Object.keys(built) as (keyof NetworkOutputs)[]).filter((name) => built[name] !== undefined);
  const all = [...names.map((name) => built[name] as Value), ...updates.map(([, value]) => value)];
  const now = substitute(all, new Map(), (node, [x, gamma, beta]) => {
    if (node.op.name !== 'batchNormTraining' || !held(node.path)) return undefined;
    const [mean, variance] = ['mean', 'variance'].map((name) => values.get(`${node.path}/${name}`) as Value);
    const { epsilon } = node.attributes as { epsilon: number };
    return [ops.batchNorm(x, gamma, beta, mean, variance, { epsilon }), mean, variance];
  });
  const outputs = Object.fromEntries(names.map((name, i) => [name, now[i]])) as unknown as NetworkOutputs;
  return {
    outputs,
    updates: new Map(updates.map(([path], i) => [path, now[names.length + i]])),
  };
}
