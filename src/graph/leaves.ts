/** Where values begin: inputs that are fed at run time, and constants stored in the model. */
import { apply1, type Node, notDifferentiable, type Op, type Value } from './node.ts';
import type { Shape, Tensor, TensorType } from './tensor.ts';
import { tensor } from './tensor.ts';

/** An input of the model: a picture, a label, a parameter, a scalar that changes each step. */
export interface InputAttributes {
  readonly name: string;
  readonly type: TensorType;
}

export const inputOp: Op<InputAttributes> = {
  name: 'input',
  infer: (_, { type }) => [type],
  emit: () => {
    throw new Error('inputs are declared by the emitter');
  },
  gradient: notDifferentiable('a leaf'),
};

export const constantOp: Op<Tensor> = {
  name: 'constant',
  infer: (_, { dtype, dims }) => [{ dtype, shape: dims }],
  emit: ({ attributes, onnx }) => [onnx.constant('constant', attributes)],
  gradient: notDifferentiable('a leaf'),
};

export function input(name: string, shape: Shape, dtype: TensorType['dtype'] = 'float32'): Value {
  return apply1(inputOp, [], { name, type: { dtype, shape } });
}

export function constant(value: Tensor): Value {
  return apply1(constantOp, [], value);
}

/** A float32 scalar of rank 0, which broadcasts against anything. */
export function scalar(value: number): Value {
  return constant(tensor([value], []));
}

/** What an input node declares; undefined for any other node. */
export function inputOf(node: Node): InputAttributes | undefined {
  return node.op === (inputOp as Op) ? (node.attributes as InputAttributes) : undefined;
}
