/** Reads TensorFlow.js graph models: topology checked, weights expanded to float32. */
import { z } from 'zod';
import { errors } from '../base/errors.ts';
import type { ModelFile } from './model-files.ts';

const attribute = z.looseObject({
  b: z.boolean().optional(),
  s: z.string().optional(),
  list: z
    .looseObject({ i: z.array(z.coerce.number()).optional(), s: z.array(z.string()).optional() })
    .optional(),
  shape: z
    .looseObject({ dim: z.array(z.looseObject({ size: z.coerce.number().default(1) })).optional() })
    .optional(),
});
const modelSchema = z.looseObject({
  modelTopology: z.looseObject({
    node: z.array(
      z.looseObject({
        name: z.string(),
        op: z.string(),
        input: z.array(z.string()).default([]),
        attr: z.record(z.string(), attribute).default({}),
      }),
    ),
  }),
  weightsManifest: z.array(
    z.looseObject({
      weights: z.array(
        z.looseObject({
          name: z.string(),
          shape: z.array(z.number().int().min(0)),
          dtype: z.string(),
          quantization: z.looseObject({ dtype: z.string() }).optional(),
        }),
      ),
    }),
  ),
});

export type TfjsNode = z.infer<typeof modelSchema>['modelTopology']['node'][number];

/** A constant of the graph, in TensorFlow's own axis order. */
export interface Weight {
  dims: readonly number[];
  data: Float32Array | Int32Array;
}

export interface TfjsModel {
  name: string;
  nodes: ReadonlyMap<string, TfjsNode>;
  weights: ReadonlyMap<string, Weight>;
}

/** Throws FACE_MODEL_UNSUPPORTED where the files are not a graph model of float32, float16 and int32 weights. */
export function parseTfjs(file: ModelFile): TfjsModel {
  const parsed = modelSchema.safeParse(file.json);
  if (!parsed.success) {
    throw errors.FACE_MODEL_UNSUPPORTED(file.name, z.prettifyError(parsed.error).split('\n')[0]);
  }
  const weights = new Map<string, Weight>();
  let offset = 0;
  for (const { name, shape, dtype, quantization } of parsed.data.weightsManifest.flatMap((g) => g.weights)) {
    const stored = quantization?.dtype ?? dtype;
    const size = shape.reduce((product, dim) => product * dim, 1);
    const bytes = size * (stored === 'float16' ? 2 : 4);
    if (offset + bytes > file.weights.length) {
      throw errors.FACE_MODEL_UNSUPPORTED(file.name, `its weights end inside "${name}"`);
    }
    // A copy, because views of 2 and 4 bytes an element need an aligned start.
    const { buffer } = new Uint8Array(file.weights.subarray(offset, offset + bytes));
    offset += bytes;
    if (stored === 'float16') weights.set(name, { dims: shape, data: expandHalf(new Uint16Array(buffer)) });
    else if (stored === 'float32') weights.set(name, { dims: shape, data: new Float32Array(buffer) });
    else if (stored === 'int32') weights.set(name, { dims: shape, data: new Int32Array(buffer) });
    else throw errors.FACE_MODEL_UNSUPPORTED(file.name, `weights of type ${stored}`);
  }
  const nodes = new Map(parsed.data.modelTopology.node.map((node) => [node.name, node]));
  return { name: file.name, nodes, weights };
}

let halves: Float32Array | undefined;

/** float16 to float32 through a table of all 65,536 values: 3.5 million weights take a few milliseconds. */
export function expandHalf(source: Uint16Array): Float32Array {
  halves ??= halfTable();
  const table = halves;
  const out = new Float32Array(source.length);
  for (let i = 0; i < source.length; i++) out[i] = table[source[i]];
  return out;
}

/** Moves the fields of each float16 to their places in a float32. */
function halfTable(): Float32Array {
  const bits = new Uint32Array(65536);
  const table = new Float32Array(bits.buffer);
  for (let half = 0; half < 65536; half++) {
    const exponent = (half >> 10) & 31;
    const fraction = half & 1023;
    const sign = (half & 0x8000) << 16;
    if (exponent === 0) table[half] = (sign ? -fraction : fraction) * 2 ** -24;
    else bits[half] = sign | ((exponent === 31 ? 255 : exponent + 112) << 23) | (fraction << 13);
  }
  return table;
}
