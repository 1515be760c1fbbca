/** The weights that a detector's file carries, by layer path. */
import { decodeModel } from '../../graph/onnx/proto.ts';
import { type FloatTensor, tensor } from '../../graph/tensor.ts';

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
