/**
 * TensorFlow.js graph models to ONNX, in memory.
 *
 * TensorFlow's four-dimensional values are NHWC; here they are emitted NCHW, kernels are permuted once at
 * conversion, and only a reshape that leaves four dimensions pays for a transpose back. The batch is always
 * dynamic. Only what the wanted outputs need is emitted.
 */
import { errors } from '../base/errors.ts';
import { OnnxBuilder } from '../graph/onnx/builder.ts';
import { int64, tensor } from '../graph/tensor.ts';
import type { TfjsModel, TfjsNode, Weight } from './tfjs-model.ts';

/** A value of the graph: its ONNX name and its sizes in TensorFlow's order, -1 for the batch. */
interface Value {
  name: string;
  dims: readonly number[];
}

/**
 * Converts the part of a model that computes `outputs` (ONNX name → TensorFlow node). Images go in as `input`,
 * [N, channels, height, width]. Throws FACE_MODEL_UNSUPPORTED naming what is not understood.
 */
export function tfjsToOnnx(model: TfjsModel, outputs: Record<string, string>): Uint8Array {
  const converter = new Converter(model);
  for (const [name, node] of Object.entries(outputs)) {
    const value = converter.value(node);
    const dims = value.dims.map((dim, i) => (i === 0 ? 'N' : dim));
    const shape = dims.length === 4 ? [dims[0], dims[3], dims[1], dims[2]] : dims;
    converter.builder.output(name, value.name, 'float32', shape);
  }
  return converter.builder.build(model.name);
}

type Emit = (converter: Converter, node: TfjsNode) => Value;

class Converter {
  readonly builder = new OnnxBuilder();
  readonly #model: TfjsModel;
  readonly #done = new Map<string, Value>();

  constructor(model: TfjsModel) {
    this.#model = model;
  }

  fail(reason: string): never {
    throw errors.FACE_MODEL_UNSUPPORTED(this.#model.name, reason);
  }

  node(reference: string): TfjsNode {
    const name = reference.replace(/:\d+$/, '');
    return this.#model.nodes.get(name) ?? this.fail(`no node "${name}"`);
  }

  value(reference: string): Value {
    const node = this.node(reference);
    const known = this.#done.get(node.name);
    if (known) return known;
    const emit = Object.hasOwn(emitters, node.op) ? emitters[node.op] : undefined;
    if (!emit) return this.fail(`the operation ${node.op} ("${node.name}") is not supported`);
    const value = emit(this, node);
    this.#done.set(node.name, value);
    return value;
  }

  weight(reference: string): Weight | undefined {
    return this.#model.weights.get(this.node(reference).name);
  }

  constantOf(reference: string): Weight {
    return this.weight(reference) ?? this.fail(`"${reference}" is not a constant`);
  }

  /** Broadcasts over the channels of a value of this many dimensions; scalars stay scalars. */
  perChannel(reference: string, rank: number): string {
    const { dims, data } = this.constantOf(reference);
    const size = dims.at(-1) ?? 1;
    if (data.length !== size) this.fail(`"${reference}" of [${dims.join(', ')}] is not one value a channel`);
    const shape = size === 1 ? [] : rank === 4 ? [size, 1, 1] : [size];
    return this.builder.constant(reference, tensor(Float32Array.from(data), shape));
  }

  scalar(reference: string): string | undefined {
    const weight = this.weight(reference);
    return weight?.data.length === 1 ? this.perChannel(reference, 0) : undefined;
  }
}

const same = (type: string): Emit => {
  return (converter, node) => {
    const input = converter.value(node.input[0]);
    return { name: converter.builder.node(type, [input.name]), dims: input.dims };
  };
};

const elementwise = (type: string): Emit => {
  return (converter, node) => {
    const [left, right] = node.input;
    // A constant may stand on either side of a commutative operation.
    const [first, second] = converter.weight(left) ? [right, left] : [left, right];
    const input = converter.value(first);
    const other = converter.weight(second)
      ? converter.perChannel(second, input.dims.length)
      : converter.value(second).name;
    return { name: converter.builder.node(type, [input.name, other]), dims: input.dims };
  };
};

const emitters: Record<string, Emit> = {
  Placeholder(converter, node) {
    const dims = node.attr.shape?.shape?.dim?.map((dim) => dim.size) ?? [];
    if (dims.length !== 4) return converter.fail(`its input has ${dims.length} dimensions, not 4`);
    const [, height, width, channels] = dims;
    return {
      name: converter.builder.input('input', 'float32', ['N', channels, height, width]),
      dims: [-1, height, width, channels],
    };
  },
  Identity: (converter, node) => converter.value(node.input[0]),
  Relu: same('Relu'),
  Sigmoid: same('Sigmoid'),
  Add: elementwise('Add'),
  AddV2: elementwise('Add'),
  Mul: elementwise('Mul'),
  Prelu: (converter, node) => activate(converter, 'Prelu', converter.value(node.input[0]), node.input[1]),
  Conv2D: convolution,
  _FusedConv2D: convolution,
  DepthwiseConv2dNative: convolution,
  Minimum: (converter, node) => clip(converter, node),
  Maximum: (converter, node) => clip(converter, node),
  MaxPool(converter, node) {
    const input = converter.value(node.input[0]);
    const kernel = (node.attr.ksize?.list?.i ?? []).slice(1, 3);
    const { attributes, size } = window(converter, node, input, kernel, [1, 1]);
    const name = converter.builder.node('MaxPool', [input.name], { kernel_shape: kernel, ...attributes });
    return { name, dims: [-1, ...size, input.dims[3]] };
  },
  Pad(converter, node) {
    const input = converter.value(node.input[0]);
    const pads = converter.constantOf(node.input[1]).data;
    if (input.dims.length !== 4 || pads[0] !== 0 || pads[1] !== 0)
      return converter.fail(`Pad "${node.name}"`);
    const before = [0, pads[6], pads[2], pads[4]];
    const after = [0, pads[7], pads[3], pads[5]];
    const amounts = converter.builder.constant(node.input[1], int64([...before, ...after]));
    return {
      name: converter.builder.node('Pad', [input.name, amounts]),
      dims: input.dims.map((dim, i) => (i === 0 ? dim : dim + pads[2 * i] + pads[2 * i + 1])),
    };
  },
  Mean(converter, node) {
    const input = converter.value(node.input[0]);
    const axes = [...converter.constantOf(node.input[1]).data].sort();
    if (input.dims.length !== 4 || axes.join() !== '1,2') return converter.fail(`Mean over axes ${axes}`);
    const pooled = converter.builder.node('GlobalAveragePool', [input.name]);
    if (node.attr.keep_dims?.b) return { name: pooled, dims: [-1, 1, 1, input.dims[3]] };
    return { name: converter.builder.node('Flatten', [pooled]), dims: [-1, input.dims[3]] };
  },
  Reshape(converter, node) {
    const input = converter.value(node.input[0]);
    const [, ...rest] = converter.constantOf(node.input[1]).data;
    const perItem = input.dims.slice(1).reduce((product, dim) => product * dim, 1);
    const open = rest.indexOf(-1);
    const fixed = rest.reduce((product, dim) => (dim === -1 ? product : product * dim), 1);
    if (open >= 0) rest[open] = perItem / fixed;
    // The batch is dynamic here, so a reshape may only rearrange what belongs to one item.
    if (rest.reduce((product, dim) => product * dim, 1) !== perItem) {
      return converter.fail(`Reshape "${node.name}" to [${rest.join(', ')}]`);
    }
    let source = input.name;
    const flat = input.dims.length !== 4 || (input.dims[1] === 1 && input.dims[2] === 1);
    if (!flat) source = converter.builder.node('Transpose', [source], { perm: [0, 2, 3, 1] });
    const shape = converter.builder.constant(node.input[1], int64([-1, ...rest]));
    return { name: converter.builder.node('Reshape', [source, shape]), dims: [-1, ...rest] };
  },
};

function convolution(converter: Converter, node: TfjsNode): Value {
  const input = converter.value(node.input[0]);
  const { dims, data } = converter.constantOf(node.input[1]);
  if (input.dims.length !== 4 || dims.length !== 4) return converter.fail(`${node.op} "${node.name}"`);
  const [height, width, channels, filters] = dims;
  const depthwise = node.op === 'DepthwiseConv2dNative';
  const out = depthwise ? channels * filters : filters;
  const kernel = tensor(toFiltersFirst(data as Float32Array, height * width, depthwise ? 1 : channels, out), [
    out,
    depthwise ? 1 : channels,
    height,
    width,
  ]);
  const dilations = (node.attr.dilations?.list?.i ?? [1, 1, 1, 1]).slice(1, 3);
  const { attributes, size } = window(converter, node, input, [height, width], dilations);
  const inputs = [input.name, converter.builder.constant(node.input[1], kernel)];
  const fused = (node.attr.fused_ops?.list?.s ?? []).map(atob);
  let extra = 2;
  if (fused[0] === 'BiasAdd') {
    const bias = converter.constantOf(node.input[extra]);
    inputs.push(converter.builder.constant(node.input[extra++], tensor(bias.data as Float32Array, [out])));
    fused.shift();
  }
  const name = converter.builder.node('Conv', inputs, {
    group: depthwise ? channels : 1,
    kernel_shape: [height, width],
    dilations,
    ...attributes,
  });
  let value: Value = { name, dims: [-1, ...size, out] };
  for (const type of fused) {
    value = activate(converter, type, value, type === 'Prelu' ? node.input[extra++] : undefined);
  }
  return value;
}

function activate(converter: Converter, type: string, value: Value, slope?: string): Value {
  const { builder } = converter;
  if (type === 'Relu') return { name: builder.node('Relu', [value.name]), dims: value.dims };
  if (type === 'Prelu' && slope !== undefined) {
    const alpha = converter.perChannel(slope, value.dims.length);
    return { name: builder.node('PRelu', [value.name, alpha]), dims: value.dims };
  }
  return converter.fail(`the fused operation ${type} is not supported`);
}

/** Minimum and Maximum with a scalar; a pair of them becomes one Clip, which ONNX Runtime fuses into Conv. */
function clip(converter: Converter, node: TfjsNode): Value {
  const bound = (of: TfjsNode) => converter.scalar(of.input[1]) ?? converter.fail(`${of.op} "${of.name}"`);
  const below = converter.node(node.input[0]);
  if (node.op === 'Maximum' && below.op === 'Minimum') {
    const input = converter.value(below.input[0]);
    return {
      name: converter.builder.node('Clip', [input.name, bound(node), bound(below)]),
      dims: input.dims,
    };
  }
  const input = converter.value(node.input[0]);
  const limits = node.op === 'Minimum' ? ['', bound(node)] : [bound(node)];
  return { name: converter.builder.node('Clip', [input.name, ...limits]), dims: input.dims };
}

/** Strides and explicit padding of a sliding window, and the size that comes out. TensorFlow pads the end more. */
function window(
  converter: Converter,
  node: TfjsNode,
  input: Value,
  kernel: readonly number[],
  dilations: readonly number[],
): { attributes: { strides: number[]; pads: number[] }; size: number[] } {
  const padding = atob(node.attr.padding?.s ?? '');
  const format = node.attr.data_format?.s;
  if (format !== undefined && atob(format) !== 'NHWC') converter.fail(`the layout ${atob(format)}`);
  if (padding !== 'SAME' && padding !== 'VALID') converter.fail(`the padding "${padding}"`);
  const strides = (node.attr.strides?.list?.i ?? [1, 1, 1, 1]).slice(1, 3);
  const size: number[] = [];
  const [before, after]: [number[], number[]] = [[], []];
  for (let axis = 0; axis < 2; axis++) {
    const length = input.dims[axis + 1];
    const reach = (kernel[axis] - 1) * dilations[axis] + 1;
    const out =
      padding === 'SAME'
        ? Math.ceil(length / strides[axis])
        : Math.floor((length - reach) / strides[axis]) + 1;
    const total = padding === 'SAME' ? Math.max(0, (out - 1) * strides[axis] + reach - length) : 0;
    size.push(out);
    before.push(Math.floor(total / 2));
    after.push(Math.ceil(total / 2));
  }
  return { attributes: { strides, pads: [...before, ...after] }, size };
}

/** [height * width, in, out] to [out, in, height * width]. */
function toFiltersFirst(source: Float32Array, taps: number, inputs: number, outputs: number): Float32Array {
  const out = new Float32Array(source.length);
  let from = 0;
  for (let tap = 0; tap < taps; tap++) {
    for (let i = 0; i < inputs; i++) {
      for (let o = 0; o < outputs; o++) out[(o * inputs + i) * taps + tap] = source[from++];
    }
  }
  return out;
}
