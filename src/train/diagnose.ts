/** Finds where a failed step first became NaN or infinite. Slow, and only built once a step has failed. */
import { scalar } from '../graph/leaves.ts';
import { type Node, topological, type Value } from '../graph/node.ts';
import { emitOnnx } from '../graph/onnx/emit.ts';
import type { Tensor } from '../graph/tensor.ts';
import * as ops from '../ops/index.ts';
import { openSession, type SessionOptions } from '../runtime/session.ts';
import { buildLossGraph, type StepOptions } from './step.ts';

export interface Diagnosis {
  /** What went wrong, in words. */
  what: string;
  /** The layer's path, or the input's name. */
  layer: string;
}

/**
 * Runs the step's graph again on the same feeds, with one number a layer: 0 while all its values are finite, NaN
 * otherwise. Looks in the order in which values arise: inputs, weights, layers forward, gradients backward.
 */
export async function diagnose(
  options: StepOptions,
  feeds: ReadonlyMap<string, Tensor>,
  session: SessionOptions,
): Promise<Diagnosis> {
  for (const [name, { data }] of feeds) {
    if (data instanceof Float32Array && !data.every(Number.isFinite)) {
      const picture = name === 'image' || name === 'label' || name === 'mask' || name === 'weight';
      return { what: `${picture ? 'the input' : 'a weight'} is not finite`, layer: name };
    }
  }
  const graph = buildLossGraph(options);
  const probes = new Map<string, Value>();
  const named: { probe: string; diagnosis: Diagnosis }[] = [];
  const probe = (value: Value, diagnosis: Diagnosis) => {
    const key = `probe${named.length}`;
    probes.set(key, nonFinite(value));
    named.push({ probe: key, diagnosis });
  };
  for (const [path, node] of lastOfEachLayer(topological([graph.loss]))) {
    probe(node.outputs[0], { what: 'a value is not finite', layer: path });
  }
  probe(graph.loss, { what: 'the loss is not finite', layer: 'the loss' });
  // Gradients arise from the last layer to the first.
  for (const [i, { path }] of [...graph.trained.entries()].reverse()) {
    probe(graph.gradients[i], { what: 'a gradient is not finite', layer: path });
  }
  const opened = await openSession(emitOnnx({ name: 'diagnosis', outputs: probes }), session);
  try {
    const given = Object.fromEntries([...feeds].filter(([name]) => opened.inputs.includes(name)));
    const results = await opened.run(given);
    const first = named.find(({ probe: key }) => !Number.isFinite(Number(results[key].data[0])));
    return (
      first?.diagnosis ?? {
        what: 'the gradients together are too large for float32',
        layer: 'their global norm',
      }
    );
  } finally {
    await opened.dispose();
  }
}

/** 0 where all values are finite, NaN otherwise: 0 · ∞ and 0 · NaN are NaN. */
function nonFinite(value: Value): Value {
  return ops.reduceSum(ops.multiply(value, scalar(0)));
}

/** The last node of each layer path, in the order in which they are computed. */
function lastOfEachLayer(nodes: readonly Node[]): Map<string, Node> {
  const last = new Map<string, Node>();
  for (const node of nodes) {
    if (node.path === '' || node.inputs.length === 0 || node.outputs[0].type.dtype !== 'float32') continue;
    last.delete(node.path);
    last.set(node.path, node);
  }
  return last;
}
