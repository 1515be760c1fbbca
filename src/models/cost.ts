/** What one pass through a network costs, read from its graph. */
import { type Node, topological, type Value } from '../graph/node.ts';
import { fixed, type Shape, sizeOf } from '../graph/tensor.ts';

/**
 * Multiply-adds of computing `values`: convolutions, their transposes and matrix products. Norms, activations and
 * pooling are left out, as is usual. Sizes must be known: build with a batch of 1.
 */
export function multiplyAdds(values: readonly Value[]): number {
  return topological(values).reduce((sum, node) => sum + costOf(node), 0);
}

function costOf({ op, inputs, outputs }: Node): number {
  const shape = (value: Value) => fixed(value.type.shape);
  switch (op.name) {
    case 'conv2d':
      // Every output takes one kernel: C / groups, h, w.
      return sizeOf(shape(outputs[0])) * sizeOf(shape(inputs[1]).slice(1));
    case 'convTranspose2d':
      return sizeOf(shape(inputs[0])) * sizeOf(shape(inputs[1]).slice(1));
    case 'dense':
    case 'matMul':
      return sizeOf(shape(outputs[0])) * last(inputs[0].type.shape);
    default:
      return 0;
  }
}

function last(shape: Shape): number {
  return fixed(shape.slice(-1))[0];
}
