/**
 * safetensors files: eight bytes of header length (little endian), a JSON header, then the tensors' raw bytes
 * (https://github.com/huggingface/safetensors#format). Our checkpoints and weights that others publish.
 */
import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { describe, errors } from '../../base/errors.ts';
import { type DataType, sizeOf, type Tensor, type TensorData } from '../../graph/tensor.ts';

export interface SafeTensors {
  tensors: Map<string, Tensor>;
  metadata: Record<string, string>;
}

const maxHeaderBytes = 100_000_000;

const types = {
  F32: { dtype: 'float32', bytes: 4, view: Float32Array },
  I64: { dtype: 'int64', bytes: 8, view: BigInt64Array },
  I32: { dtype: 'int32', bytes: 4, view: Int32Array },
  U8: { dtype: 'uint8', bytes: 1, view: Uint8Array },
  BOOL: { dtype: 'bool', bytes: 1, view: Uint8Array },
} as const satisfies Record<string, { dtype: DataType; bytes: number; view: unknown }>;
type TypeName = keyof typeof types;

const count = z.int().nonnegative();
const entrySchema = z.strictObject({
  dtype: z.enum(Object.keys(types) as [TypeName, ...TypeName[]]),
  shape: z.array(count).max(32),
  data_offsets: z.tuple([count, count]),
});
const metadataSchema = z.record(z.string(), z.string());

/** @throws WEIGHTS_INVALID where the file cannot be read or is not exactly what the format asks. */
export async function readSafeTensors(path: string): Promise<SafeTensors> {
  const bytes = await readFile(path).catch((cause) => {
    throw errors.WEIGHTS_INVALID(path, describe(cause));
  });
  return decodeSafeTensors(bytes, path);
}

/** The tensors are copies: they do not keep the file's bytes in memory. `path` names the file in errors. */
export function decodeSafeTensors(bytes: Uint8Array, path: string): SafeTensors {
  const invalid = (why: string) => errors.WEIGHTS_INVALID(path, why);
  if (bytes.length < 8) throw invalid(`${bytes.length} bytes are no safetensors file`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const headerBytes = view.getBigUint64(0, true);
  if (headerBytes > BigInt(Math.min(maxHeaderBytes, bytes.length - 8))) {
    throw invalid(`its header claims ${headerBytes} bytes of a file of ${bytes.length}`);
  }
  const start = 8 + Number(headerBytes);
  const header = parseHeader(bytes.subarray(8, start), invalid);
  const body = bytes.subarray(start);

  const tensors = new Map<string, Tensor>();
  const metadata = metadataSchema.safeParse(header.get('__metadata__') ?? {});
  if (!metadata.success) throw invalid('its __metadata__ is not text by name');
  header.delete('__metadata__');
  const spans: { name: string; from: number; to: number }[] = [];
  for (const [name, raw] of header) {
    const entry = entrySchema.safeParse(raw);
    if (!entry.success) {
      const [issue] = entry.error.issues;
      throw invalid(`tensor ${name}: ${issue.path.join('.') || 'entry'}: ${issue.message}`);
    }
    const { dtype, shape, data_offsets: offsets } = entry.data;
    const [from, to] = offsets;
    const type = types[dtype];
    const length = sizeOf(shape);
    if (from > to || to > body.length) {
      throw invalid(`tensor ${name} lies at ${from} to ${to} of ${body.length} bytes`);
    }
    if (!Number.isSafeInteger(length) || length * type.bytes !== to - from) {
      throw invalid(`tensor ${name} of [${shape.join(', ')}] ${dtype} does not fill ${to - from} bytes`);
    }
    spans.push({ name, from, to });
    const copy = body.slice(from, to);
    const data = new type.view(copy.buffer as ArrayBuffer, copy.byteOffset, length) as TensorData;
    tensors.set(name, { dtype: type.dtype, dims: shape, data });
  }
  // The format allows neither holes nor overlaps: they hide data, or let one tensor read another's.
  let end = 0;
  for (const { name, from, to } of spans.sort((a, b) => a.from - b.from || a.to - b.to)) {
    if (from !== end) throw invalid(`tensor ${name} begins at ${from} where ${end} is due`);
    end = to;
  }
  if (end !== body.length) throw invalid(`${body.length - end} bytes at its end belong to no tensor`);
  return { tensors, metadata: metadata.data };
}

function parseHeader(bytes: Uint8Array, invalid: (why: string) => Error): Map<string, unknown> {
  try {
    const json: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
    if (typeof json !== 'object' || json === null || Array.isArray(json)) throw new Error('no JSON object');
    return new Map(Object.entries(json));
  } catch (cause) {
    throw invalid(`its header is unreadable (${describe(cause)})`);
  }
}

/** The file's bytes. Tensors start at multiples of eight bytes, as the reference writer aligns its header. */
export function encodeSafeTensors(
  tensors: ReadonlyMap<string, Tensor>,
  metadata: Record<string, string> = {},
): Uint8Array {
  const header: Record<string, unknown> = Object.create(null);
  if (Object.keys(metadata).length > 0) header.__metadata__ = metadata;
  // Widest types first, so that every tensor is aligned to its own element.
  const order = [...tensors].sort(([, a], [, b]) => widthOf(b.dtype) - widthOf(a.dtype));
  let end = 0;
  for (const [name, { dtype, dims, data }] of order) {
    if (name === '__metadata__') throw new Error('no tensor may be called __metadata__');
    header[name] = { dtype: nameOf(dtype), shape: dims, data_offsets: [end, end + data.byteLength] };
    end += data.byteLength;
  }
  const json = new TextEncoder().encode(JSON.stringify(header));
  const padded = Math.ceil(json.length / 8) * 8;
  const out = new Uint8Array(8 + padded + end).fill(0x20, 8 + json.length, 8 + padded);
  new DataView(out.buffer).setBigUint64(0, BigInt(padded), true);
  out.set(json, 8);
  let at = 8 + padded;
  for (const [, { data }] of order) {
    out.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), at);
    at += data.byteLength;
  }
  return out;
}

function nameOf(dtype: DataType): TypeName {
  return (Object.keys(types) as TypeName[]).find((name) => types[name].dtype === dtype) as TypeName;
}

function widthOf(dtype: DataType): number {
  return types[nameOf(dtype)].bytes;
}
