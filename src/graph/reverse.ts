/**
 * Reverse-mode differentiation: adds to the graph the nodes that compute gradients.
 *
 * What every operation would otherwise repeat is done here, once: pruning (only what lies between the wanted
 * values and the loss), accumulation where a value is used twice, summing gradients of broadcast inputs back to
 * the input's shape, and the check of arity and shape.
 */
import { type Gradient, type Node, topological, type Value } from './node.ts';
import { type Shape, sameShape, showShape } from './tensor.ts';

/** The operations that the pass itself needs; `graph` must not import `ops`. */
export interface ReverseOps {
  add(a: Value, b: Value): Value;
  /** Sums over broadcast axes until `shape` is left. */
  sumTo(value: Value, shape: Shape): Value;
  /** A constant of the shape, filled with one number. */
  fill(shape: Shape, value: number): Value;
}

/** Other gradients than the operations' own, by the operation's name: guided back-propagation changes that of `relu`. */
export type GradientRules = ReadonlyMap<string, Gradient<unknown>>;

/**
 * Gradients of a scalar `loss` with respect to `wanted` (parameters or inputs), in that order. An entry is
 * undefined where the loss does not depend on the value.
 *
 * @throws Error where the way from the loss to a wanted value leads through an operation without a gradient.
 */
export function gradients(
  loss: Value,
  wanted: readonly Value[],
  ops: ReverseOps,
  rules: GradientRules = new Map(),
): (Value | undefined)[] {
  if (!loss.type.shape.every((dim) => dim === 1)) {
    throw new Error(`a loss must be a scalar, this one is ${showShape(loss.type.shape)}`);
  }
  const order = topological([loss]);
  const onTheWay = dependents(order, wanted);
  const sums = new Map<Value, Value>([[loss, ops.fill(loss.type.shape, 1)]]);
  const accumulate = (value: Value, gradient: Value) => {
    const before = sums.get(value);
    sums.set(value, before === undefined ? gradient : ops.add(before, gradient));
  };

  for (const node of order.toReversed()) {
    if (!onTheWay.has(node) || node.inputs.length === 0) continue;
    const outputGradients = node.outputs.map((output) => sums.get(output));
    if (outputGradients.every((gradient) => gradient === undefined)) continue;
    const wantedInputs = node.inputs.map((input) => onTheWay.has(input.node) || wanted.includes(input));
    if (!wantedInputs.includes(true)) continue;
    const gradient = rules.get(node.op.name) ?? node.op.gradient;
    if (typeof gradient !== 'function') {
      throw new Error(
        `the gradient is blocked at ${node.op.name}${node.path === '' ? '' : ` in layer ${node.path}`}: ${gradient.notDifferentiable}`,
      );
    }
    const { attributes, inputs, outputs } = node;
    const results = gradient({ attributes, inputs, outputs, outputGradients, wanted: wantedInputs });
    if (results.length !== inputs.length) {
      throw new Error(`${node.op.name} has ${inputs.length} inputs but ${results.length} gradients`);
    }
    for (const [i, result] of results.entries()) {
      if (result === undefined || !wantedInputs[i]) continue;
      const { shape } = inputs[i].type;
      const fitted = sameShape(result.type.shape, shape) ? result : ops.sumTo(result, shape);
      accumulate(inputs[i], fitted);
    }
  }
  return wanted.map((value) => sums.get(value));
}

/** Nodes that some wanted value flows into, the wanted values' own nodes included. */
function dependents(order: readonly Node[], wanted: readonly Value[]): Set<Node> {
  const found = new Set(wanted.map((value) => value.node));
  for (const node of order) {
    if (node.inputs.some((input) => found.has(input.node))) found.add(node);
  }
  return found;
}
