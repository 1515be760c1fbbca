/**
 * The part of ONNX's protobuf schema that Mesoscope writes and reads (onnx.proto3, IR version 10).
 *
 * Messages are tables of numbered fields over `@bufbuild/protobuf`'s wire format: no generated code and no
 * `eval`, so the same module runs under a strict Content-Security-Policy.
 */
import { BinaryReader, BinaryWriter, WireType } from '@bufbuild/protobuf/wire';

type Scalar = 'int32' | 'int64' | 'float' | 'string' | 'bytes';
type Field = { no: number; type: Scalar | MessageSpec; repeated?: true };
interface MessageSpec {
  [name: string]: Field;
}

// biome-ignore format: one field a line reads as the schema does
const TensorSpec: MessageSpec = {
  dims: { no: 1, type: 'int64', repeated: true },
  dataType: { no: 2, type: 'int32' },
  floatData: { no: 4, type: 'float', repeated: true },
  int32Data: { no: 5, type: 'int32', repeated: true },
  int64Data: { no: 7, type: 'int64', repeated: true },
  name: { no: 8, type: 'string' },
  rawData: { no: 9, type: 'bytes' },
  dataLocation: { no: 14, type: 'int32' },
};
const AttributeSpec: MessageSpec = {
  name: { no: 1, type: 'string' },
  f: { no: 2, type: 'float' },
  i: { no: 3, type: 'int64' },
  s: { no: 4, type: 'string' },
  t: { no: 5, type: TensorSpec },
  floats: { no: 7, type: 'float', repeated: true },
  ints: { no: 8, type: 'int64', repeated: true },
  strings: { no: 9, type: 'string', repeated: true },
  type: { no: 20, type: 'int32' },
};
const NodeSpec: MessageSpec = {
  input: { no: 1, type: 'string', repeated: true },
  output: { no: 2, type: 'string', repeated: true },
  name: { no: 3, type: 'string' },
  opType: { no: 4, type: 'string' },
  attribute: { no: 5, type: AttributeSpec, repeated: true },
  domain: { no: 7, type: 'string' },
};
const DimensionSpec: MessageSpec = {
  dimValue: { no: 1, type: 'int64' },
  dimParam: { no: 2, type: 'string' },
};
const ShapeSpec: MessageSpec = { dim: { no: 1, type: DimensionSpec, repeated: true } };
const TensorTypeSpec: MessageSpec = {
  elemType: { no: 1, type: 'int32' },
  shape: { no: 2, type: ShapeSpec },
};
const TypeSpec: MessageSpec = { tensorType: { no: 1, type: TensorTypeSpec } };
const ValueInfoSpec: MessageSpec = {
  name: { no: 1, type: 'string' },
  type: { no: 2, type: TypeSpec },
};
const GraphSpec: MessageSpec = {
  node: { no: 1, type: NodeSpec, repeated: true },
  name: { no: 2, type: 'string' },
  initializer: { no: 5, type: TensorSpec, repeated: true },
  input: { no: 11, type: ValueInfoSpec, repeated: true },
  output: { no: 12, type: ValueInfoSpec, repeated: true },
};
const OpsetSpec: MessageSpec = {
  domain: { no: 1, type: 'string' },
  version: { no: 2, type: 'int64' },
};
const StringEntrySpec: MessageSpec = {
  key: { no: 1, type: 'string' },
  value: { no: 2, type: 'string' },
};
const ModelSpec: MessageSpec = {
  irVersion: { no: 1, type: 'int64' },
  producerName: { no: 2, type: 'string' },
  producerVersion: { no: 3, type: 'string' },
  graph: { no: 7, type: GraphSpec },
  opsetImport: { no: 8, type: OpsetSpec, repeated: true },
  metadataProps: { no: 14, type: StringEntrySpec, repeated: true },
};

export interface TensorProto {
  dims?: number[];
  dataType?: number;
  floatData?: number[];
  int32Data?: number[];
  int64Data?: number[];
  name?: string;
  rawData?: Uint8Array;
  /** 1: in another file. */
  dataLocation?: number;
}
export interface AttributeProto {
  name: string;
  /** 1 float, 2 int, 3 string, 4 tensor, 6 floats, 7 ints, 8 strings. */
  type: number;
  f?: number;
  i?: number;
  s?: string;
  t?: TensorProto;
  floats?: number[];
  ints?: number[];
  strings?: string[];
}
export interface NodeProto {
  input?: string[];
  output?: string[];
  name?: string;
  opType: string;
  attribute?: AttributeProto[];
  domain?: string;
}
export interface ValueInfoProto {
  name: string;
  type?: {
    tensorType?: { elemType: number; shape?: { dim?: { dimValue?: number; dimParam?: string }[] } };
  };
}
export interface GraphProto {
  node?: NodeProto[];
  name?: string;
  initializer?: TensorProto[];
  input?: ValueInfoProto[];
  output?: ValueInfoProto[];
}
export interface ModelProto {
  irVersion: number;
  producerName?: string;
  producerVersion?: string;
  graph: GraphProto;
  opsetImport?: { domain?: string; version: number }[];
  metadataProps?: { key: string; value?: string }[];
}

export function encodeModel(model: ModelProto): Uint8Array {
  const writer = new BinaryWriter();
  write(writer, ModelSpec, model as unknown as Message);
  return writer.finish();
}

/** Throws a plain Error where the bytes are no protobuf of this shape; callers turn it into a user error. */
export function decodeModel(bytes: Uint8Array): ModelProto {
  const reader = new BinaryReader(bytes);
  const model = read(reader, bytes.length, ModelSpec) as unknown as ModelProto;
  if (!model.irVersion || !model.graph) throw new Error('the bytes hold no ONNX model');
  return model;
}

/** Whether weights lie in other files, which the model names by their paths. */
export function hasExternalData({ graph }: ModelProto): boolean {
  const tensors = [
    ...(graph.initializer ?? []),
    ...(graph.node ?? []).flatMap(({ attribute = [] }) => attribute.flatMap(({ t }) => (t ? [t] : []))),
  ];
  return tensors.some(({ dataLocation }) => dataLocation === 1);
}

type Message = Record<string, unknown>;

function write(writer: BinaryWriter, spec: MessageSpec, message: Message): void {
  for (const [name, field] of Object.entries(spec)) {
    const value = message[name];
    if (value === undefined) continue;
    const values = (field.repeated ? value : [value]) as unknown[];
    if (field.repeated && (field.type === 'int64' || field.type === 'int32' || field.type === 'float')) {
      if (values.length === 0) continue;
      writer.tag(field.no, WireType.LengthDelimited).fork();
      for (const item of values) writeScalar(writer, field.type, item);
      writer.join();
      continue;
    }
    for (const item of values) {
      if (typeof field.type === 'object') {
        writer.tag(field.no, WireType.LengthDelimited).fork();
        write(writer, field.type, item as Message);
        writer.join();
      } else {
        writer.tag(field.no, wireTypeOf(field.type));
        writeScalar(writer, field.type, item);
      }
    }
  }
}

function wireTypeOf(type: Scalar): WireType {
  if (type === 'float') return WireType.Bit32;
  return type === 'string' || type === 'bytes' ? WireType.LengthDelimited : WireType.Varint;
}

function writeScalar(writer: BinaryWriter, type: Scalar, value: unknown): void {
  if (type === 'int64') writer.int64(value as number);
  else if (type === 'int32') writer.int32(value as number);
  else if (type === 'float') writer.float(value as number);
  else if (type === 'string') writer.string(value as string);
  else writer.bytes(value as Uint8Array);
}

function read(reader: BinaryReader, end: number, spec: MessageSpec): Message {
  const byNumber = new Map(Object.entries(spec).map(([name, field]) => [field.no, { name, ...field }]));
  // No prototype: a field can never be mistaken for an inherited property.
  const message: Message = Object.create(null);
  while (reader.pos < end) {
    const [no, wireType] = reader.tag();
    const field = byNumber.get(no);
    if (!field) {
      reader.skip(wireType, no);
      continue;
    }
    const { type } = field;
    if (typeof type === 'object') {
      const length = reader.uint32();
      put(message, field, read(reader, reader.pos + length, type));
    } else if (wireType === WireType.LengthDelimited && type !== 'string' && type !== 'bytes') {
      const stop = reader.uint32() + reader.pos;
      while (reader.pos < stop) put(message, field, readScalar(reader, type));
    } else {
      put(message, field, readScalar(reader, type));
    }
  }
  return message;
}

function put(message: Message, field: { name: string; repeated?: true }, value: unknown): void {
  if (!field.repeated) {
    // Readers differ: ONNX Runtime joins the two, and would run what was not looked at here.
    if (typeof value === 'object' && message[field.name] !== undefined)
      throw new Error(`${field.name} occurs twice`);
    message[field.name] = value;
  } else {
    message[field.name] ??= [];
    (message[field.name] as unknown[]).push(value);
  }
}

function readScalar(reader: BinaryReader, type: Scalar): unknown {
  if (type === 'int64') return Number(reader.int64());
  if (type === 'int32') return reader.int32();
  if (type === 'float') return reader.float();
  return type === 'string' ? reader.string() : reader.bytes();
}
