/** The weights that a detector's file carries, by layer path. */
import { describe, errors } from '../../base/errors.ts';
import { decodeModel } from '../../graph/onnx/proto.ts';
import { type FloatTensor, tensor } from '../../graph/tensor.ts';

/** ONNX's number for 32-bit floats. */
const float = 1;

/** Throws an `Error` where the model lacks one of the `paths`. */
export function readOnnxWeights(bytes: Uint8Array, paths: readonly string[]): Map<string, FloatTensor> {
  const stored = new Map((decodeModel(bytes).graph?.initializer ?? []).map((entry) => [entry.name, entry]));
  return new Map(
    paths.map((path) => {
      const entry = stored.get(path);
      if (!entry?.rawData || entry.dims === undefined) {
        throw new Error(`the detector's file has no weight ${path}`);
      }
      // Copied (slice() of a Buffer would not): the bytes in the file need not lie on a multiple of four.
      const data = new Float32Array(Uint8Array.from(entry.rawData).buffer);
      return [path, tensor(data, entry.dims.map(Number))];
    }),
  );
}

/**
 * All weights that a detector's file carries: what else a graph stores (the shapes that it reshapes to) is no float.
 * @throws WEIGHTS_INVALID where it is no ONNX model
 */
export function readAllOnnxWeights(file: string, bytes: Uint8Array): Map<string, FloatTensor> {
  try {
    const stored = decodeModel(bytes).graph?.initializer ?? [];
    const names = stored.flatMap(({ name, dataType }) => (dataType === float && name ? [name] : []));
    return readOnnxWeights(bytes, names);
  } catch (cause) {
    throw errors.WEIGHTS_INVALID(file, describe(cause));
  }
}
