/** Writes ONNX graphs node by node: what operations and model converters emit into. */
import type { DataType, Shape, Tensor } from '../tensor.ts';
import { type AttributeProto, encodeModel, type NodeProto, type TensorProto } from './proto.ts';

/** ONNX's numbers for element types (TensorProto.DataType). */
export const elementTypes: Record<DataType, number> = { float32: 1, uint8: 2, int32: 6, int64: 7, bool: 9 };

export type AttributeValue =
  | number
  | string
  | readonly number[]
  | readonly string[]
  | Tensor
  | { float: number };

/** The opset of what Mesoscope writes; ONNX Runtime 1.30 and its browser build both run it. */
export const opset = 21;

export class OnnxBuilder {
  readonly #nodes: NodeProto[] = [];
  readonly #initializers = new Map<string, TensorProto>();
  readonly #inputs: { name: string; dtype: DataType; shape: Shape }[] = [];
  readonly #outputs: { name: string; dtype: DataType; shape: Shape }[] = [];
  readonly #domains = new Set<string>();
  readonly #taken = new Set<string>();
  readonly #renamed = new Map<string, string>();
  /** Last number given to a hint: without it, naming is quadratic, and DenseNet's step has 10,000 constants. */
  readonly #numbers = new Map<string, number>();
  readonly #shared = new Map<string, string>();

  /** A name that is still free, `hint` itself where possible. */
  fresh(hint: string): string {
    let name = hint;
    let number = this.#numbers.get(hint) ?? 1;
    while (this.#taken.has(name)) name = `${hint}#${++number}`;
    this.#numbers.set(hint, number);
    this.#taken.add(name);
    return name;
  }

  input(name: string, dtype: DataType, shape: Shape): string {
    if (this.#taken.has(name)) throw new Error(`two inputs are called "${name}"`);
    this.#taken.add(name);
    this.#inputs.push({ name, dtype, shape });
    return name;
  }

  /** Declares an existing value an output of the graph, under a name of its own. */
  output(name: string, value: string, dtype: DataType, shape: Shape): void {
    this.#outputs.push({ name, dtype, shape });
    const made = this.#nodes.some((node) => node.output?.includes(value));
    // The node's own output takes the name: an Identity would copy the tensor, every weight at every step.
    if (made && !this.#renamed.has(value)) this.#renamed.set(value, name);
    else this.#nodes.push({ opType: 'Identity', input: [value], output: [name], name: `output/${name}` });
  }

  /** A constant stored in the model. Shapes, axes and numbers, which no weight is, are stored once for all. */
  constant(hint: string, value: Tensor): string {
    if (value.dtype === 'int64' || value.dims.length === 0) {
      const key = `${value.dtype}/${value.dims.join()}/${value.data.join()}`;
      const known = this.#shared.get(key);
      if (known !== undefined) return known;
      const name = this.fresh(hint);
      this.#shared.set(key, name);
      this.#initializers.set(name, { ...tensorProto(value), name });
      return name;
    }
    const name = this.fresh(hint);
    this.#initializers.set(name, { ...tensorProto(value), name });
    return name;
  }

  /** Adds one node and returns the name of its first output. Empty input names are omitted optionals. */
  node(
    type: string,
    inputs: readonly string[],
    attributes: Record<string, AttributeValue> = {},
    domain = '',
  ): string {
    return this.nodes(type, inputs, 1, attributes, domain)[0];
  }

  /** Adds one node with several outputs and returns their names. */
  nodes(
    type: string,
    inputs: readonly string[],
    outputs: number,
    attributes: Record<string, AttributeValue> = {},
    domain = '',
  ): string[] {
    const name = this.fresh(`${this.scope}${type}`);
    const names = Array.from({ length: outputs }, (_, i) =>
      this.fresh(i === 0 ? `${name}:0` : `${name}:${i}`),
    );
    this.#domains.add(domain);
    this.#nodes.push({
      opType: type,
      name,
      domain,
      input: [...inputs],
      output: names,
      attribute: Object.entries(attributes).map(([key, value]) => attributeProto(key, value)),
    });
    return names;
  }

  /** Prefix of the names of what is added next: the path of the layer, so that profiles can be read. */
  scope = '';

  /** The model's bytes. `metadata` becomes ONNX metadata_props. */
  build(name: string, metadata: Record<string, string> = {}): Uint8Array {
    const final = (value: string) => this.#renamed.get(value) ?? value;
    return encodeModel({
      irVersion: 10,
      producerName: 'mesoscope',
      graph: {
        name,
        node: this.#nodes.map((node) => ({
          ...node,
          input: node.input?.map(final) ?? [],
          output: node.output?.map(final) ?? [],
        })),
        initializer: [...this.#initializers.values()],
        input: this.#inputs.map(valueInfo),
        output: this.#outputs.map(valueInfo),
      },
      opsetImport: [
        { domain: '', version: opset },
        ...[...this.#domains].filter((domain) => domain !== '').map((domain) => ({ domain, version: 1 })),
      ],
      metadataProps: Object.entries(metadata).map(([key, value]) => ({ key, value })),
    });
  }
}

function valueInfo({ name, dtype, shape }: { name: string; dtype: DataType; shape: Shape }) {
  const dim = shape.map((size) => (typeof size === 'number' ? { dimValue: size } : { dimParam: size }));
  return { name, type: { tensorType: { elemType: elementTypes[dtype], shape: { dim } } } };
}

export function tensorProto(value: Tensor): TensorProto {
  const { buffer, byteOffset, byteLength } = value.data;
  return {
    dims: [...value.dims],
    dataType: elementTypes[value.dtype],
    rawData: new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength),
  };
}

function attributeProto(name: string, value: AttributeValue): AttributeProto {
  if (typeof value === 'number') {
    // ONNX tells ints from floats by declaration; a fractional float is written as { float }.
    if (!Number.isInteger(value)) return { name, type: 1, f: value };
    return { name, type: 2, i: value };
  }
  if (typeof value === 'string') return { name, type: 3, s: value };
  if (Array.isArray(value)) {
    if (value.every((item) => typeof item === 'string')) return { name, type: 8, strings: value as string[] };
    const numbers = value as number[];
    return numbers.every(Number.isInteger)
      ? { name, type: 7, ints: numbers }
      : { name, type: 6, floats: numbers };
  }
  if ('float' in value) return { name, type: 1, f: value.float };
  return { name, type: 4, t: tensorProto(value as Tensor) };
}
