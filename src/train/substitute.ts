import { inputOf } from '../graph/leaves.ts';
import { apply, inLayer, type Node, topological, type Value } from '../graph/node.ts';

/**
 * Copies what lies between the replaced values and `values`, with the replacements in place; the rest is shared.
 * `rewrite` may give other outputs for a copied or shared node (same count; undefined keeps the node).
 */
export function substitute(
  values: readonly Value[],
  replacements: ReadonlyMap<Value, Value>,
  rewrite: (node: Node, inputs: readonly Value[]) => readonly Value[] | undefined = () => undefined,
): Value[] {
  const now = new Map(replacements);
  const replaced = (value: Value) => now.get(value) ?? value;
  for (const node of topological(values)) {
    if (inputOf(node)) continue;
    const inputs = node.inputs.map(replaced);
    const build = () =>
      rewrite(node, inputs) ??
      (differ(inputs, node.inputs) ? apply(node.op, inputs, node.attributes) : node.outputs);
    const outputs = inPath(node.path, build);
    for (const [i, output] of node.outputs.entries()) {
      if (!now.has(output) && outputs[i] !== output) now.set(output, outputs[i]);
    }
  }
  return values.map(replaced);
}

function differ(a: readonly Value[], b: readonly Value[]): boolean {
  return a.some((value, i) => value !== b[i]);
}

/** The copy stays in the layer of the original. */
function inPath<T>(path: string, build: () => T): T {
  return path === '' ? build() : inLayer(path, build);
}
