/** Writes a graph as an ONNX model. */
import { inputOf } from '../leaves.ts';
import { type Emission, type Op, topological, type Value } from '../node.ts';
import { showShape, type Tensor } from '../tensor.ts';
import { OnnxBuilder } from './builder.ts';

export interface EmitOptions {
  name: string;
  /** Named outputs; their order is the model's. */
  outputs: ReadonlyMap<string, Value> | Record<string, Value>;
  /** Inputs that become constants of the model: a detector carries its weights. The others stay inputs. */
  weights?: ReadonlyMap<string, Tensor>;
  metadata?: Record<string, string>;
  /**
   * Channels in a block of ONNX Runtime's blocked layout on the machine that runs the model (`runtime/channel-block`):
   * convolutions may then use it, and the model runs on such machines only. For training steps, whose weights are
   * inputs; where weights are constants ONNX Runtime sees to it, and a detector must run anywhere.
   */
  channelBlock?: number | undefined;
}

export function emitOnnx({ name, outputs, weights, metadata, channelBlock }: EmitOptions): Uint8Array {
  const onnx = new OnnxBuilder();
  const entries = outputs instanceof Map ? [...outputs] : Object.entries(outputs as Record<string, Value>);
  const names = new Map<Value, string>();
  const nodes = topological(entries.map(([, value]) => value));
  const used = new Set([...entries.map(([, value]) => value), ...nodes.flatMap((node) => node.inputs)]);
  // Inputs first: their names are promised to callers, so no node may take them.
  for (const node of nodes) {
    const declared = inputOf(node);
    if (declared === undefined) continue;
    const { name: key, type } = declared;
    const weight = weights?.get(key);
    if (weight === undefined) {
      names.set(node.outputs[0], onnx.input(key, type.dtype, type.shape));
      continue;
    }
    if (weight.dims.join() !== type.shape.join()) {
      throw new Error(
        `weight ${key} is ${showShape(weight.dims)}, the network wants ${showShape(type.shape)}`,
      );
    }
    names.set(node.outputs[0], onnx.constant(key, weight));
  }
  for (const [key] of entries) onnx.fresh(key);
  for (const node of nodes) {
    if (inputOf(node)) continue;
    onnx.scope = node.path === '' ? '' : `${node.path}/`;
    const emission: Emission<unknown> = {
      attributes: node.attributes,
      inputs: node.inputs.map((value) => names.get(value) as string),
      inputTypes: node.inputs.map((value) => value.type),
      outputTypes: node.outputs.map((value) => value.type),
      used: node.outputs.map((value) => used.has(value)),
      channelBlock,
      onnx,
    };
    const made = (node.op as Op).emit(emission);
    if (made.length !== node.outputs.length) {
      throw new Error(`${node.op.name} promised ${node.outputs.length} outputs and emitted ${made.length}`);
    }
    for (const [i, output] of node.outputs.entries()) names.set(output, made[i]);
  }
  onnx.scope = '';
  for (const [key, value] of entries) {
    onnx.output(key, names.get(value) as string, value.type.dtype, value.type.shape);
  }
  return onnx.build(name, metadata);
}
