/**
 * The graph: values made by nodes, nodes made by operations. Immutable once built, and never executed here:
 * it is described once, differentiated by `reverse.ts`, and written as ONNX by `onnx/emit.ts`.
 */
import type { OnnxBuilder } from './onnx/builder.ts';
import { type Shape, showShape, type TensorType } from './tensor.ts';

/** One output of a node. */
export interface Value {
  readonly node: Node;
  readonly index: number;
  readonly type: TensorType;
}

export interface Node<A = unknown> {
  readonly op: Op<A>;
  readonly attributes: A;
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
  /** The layer that made it, such as `block2/conv`; names nodes in profiles and errors. */
  readonly path: string;
}

/** What an operation's ONNX emission sees. */
export interface Emission<A> {
  readonly attributes: A;
  /** ONNX names of the inputs, and their types in the same order. */
  readonly inputs: readonly string[];
  readonly inputTypes: readonly TensorType[];
  readonly outputTypes: readonly TensorType[];
  /** Which outputs anything reads. The name of one that nothing reads may be returned as ''. */
  readonly used: readonly boolean[];
  /** See `EmitOptions.channelBlock`. */
  readonly channelBlock: number | undefined;
  readonly onnx: OnnxBuilder;
}

/** What an operation's gradient sees. */
export interface GradientContext<A> {
  readonly attributes: A;
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
  /** Gradient of the loss with respect to each output; undefined where the loss does not depend on it. */
  readonly outputGradients: readonly (Value | undefined)[];
  /** Which inputs' gradients are asked for. The others may be computed or left undefined. */
  readonly wanted: readonly boolean[];
}

/**
 * Gradients with respect to the inputs, one entry an input, undefined where not wanted. An entry may have the
 * output's broadcast shape: the reverse pass sums it down to the input's.
 */
export type Gradient<A> = (context: GradientContext<A>) => readonly (Value | undefined)[];

export interface NotDifferentiable {
  readonly notDifferentiable: string;
}

/** Declares that no gradient flows through an operation, and why. */
export function notDifferentiable(why: string): NotDifferentiable {
  return { notDifferentiable: why };
}

/** An operation: shape rule, ONNX emission and gradient, all required. */
export interface Op<A = unknown> {
  readonly name: string;
  /** Types of the outputs. Throws {@link ShapeError} (through `fail`) where the inputs do not fit. */
  infer(inputs: readonly TensorType[], attributes: A, fail: (why: string) => never): readonly TensorType[];
  /** Adds ONNX nodes and returns the names of the outputs. */
  emit(emission: Emission<A>): readonly string[];
  readonly gradient: Gradient<A> | NotDifferentiable;
}

/** Shapes that do not fit, with the operation, the shapes and the layer's path. */
export class ShapeError extends Error {
  constructor(op: string, inputs: readonly TensorType[], path: string, why: string) {
    const shapes = inputs.map((input) => showShape(input.shape)).join(' and ');
    super(`${op}: ${why}, given ${shapes || 'nothing'}${path === '' ? '' : `, in layer ${path}`}`);
    this.name = 'ShapeError';
  }
}

/** Layers being built, innermost last. Building is synchronous, so one stack serves. */
const layers: string[] = [];

/** Runs `build` with `name` appended to the path of what it makes. */
export function inLayer<T>(name: string, build: () => T): T {
  layers.push(name);
  try {
    return build();
  } finally {
    layers.pop();
  }
}

/** Applies an operation; the only way nodes come to be. */
export function apply<A>(op: Op<A>, inputs: readonly Value[], attributes: A): readonly Value[] {
  const path = layers.join('/');
  const types = inputs.map((input) => input.type);
  const fail = (why: string): never => {
    throw new ShapeError(op.name, types, path, why);
  };
  const outputTypes = op.infer(types, attributes, fail);
  const outputs: Value[] = [];
  const node: Node<A> = { op, attributes, inputs, outputs, path };
  // The catalogue is heterogeneous in A; each node keeps op and attributes of one A together.
  for (const [index, type] of outputTypes.entries()) outputs.push({ node: node as Node, index, type });
  return outputs;
}

/** Applies an operation with one output. */
export function apply1<A>(op: Op<A>, inputs: readonly Value[], attributes: A): Value {
  return apply(op, inputs, attributes)[0];
}

/** All nodes that the values depend on, every node after its inputs. */
export function topological(values: readonly Value[]): Node[] {
  const order: Node[] = [];
  const done = new Set<Node>();
  // An explicit stack: DenseNet's step is deeper than the call stack likes.
  const stack: { node: Node; next: number }[] = [];
  for (const { node } of values) {
    if (!done.has(node)) stack.push({ node, next: 0 });
    while (stack.length > 0) {
      const top = stack[stack.length - 1];
      const input = top.node.inputs[top.next++];
      if (input === undefined) {
        stack.pop();
        if (!done.has(top.node)) {
          done.add(top.node);
          order.push(top.node);
        }
      } else if (!done.has(input.node)) {
        stack.push({ node: input.node, next: 0 });
      }
    }
  }
  return order;
}

/** Broadcast shape of two shapes by NumPy's rule, or undefined where they do not fit. */
export function broadcast(a: Shape, b: Shape): Shape | undefined {
  const rank = Math.max(a.length, b.length);
  const out: (number | string)[] = [];
  for (let i = 0; i < rank; i++) {
    const x = a[a.length - rank + i] ?? 1;
    const y = b[b.length - rank + i] ?? 1;
    if (x !== y && x !== 1 && y !== 1) return undefined;
    out.push(x === 1 ? y : x);
  }
  return out;
}
