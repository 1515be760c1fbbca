/** Mean outputs of a layer over real and over manipulated faces (000, Figure 8): where the two differ, and in which filters. */
import { emitOnnx } from '../graph/onnx/emit.ts';
import { floats, tensor } from '../graph/tensor.ts';
import { openSession } from '../runtime/session.ts';
import { layerNamed } from './grad-cam.ts';
import { buildSubject, type SubjectOptions } from './subject.ts';

export interface MeanActivation {
  filter: number;
  width: number;
  height: number;
  /** Mean over real and over manipulated pictures, and manipulated - real. */
  real: Float32Array;
  manipulated: Float32Array;
  difference: Float32Array;
  /** Mean absolute difference over the spread of the filter: how well it tells the classes apart. */
  effect: number;
}

/**
 * All filters of a layer, those first that differ most between the classes.
 *
 * @param images one picture each, 3 x height x width, normalised
 * @throws Error where a class is absent or there is no such layer
 */
export async function meanActivations(
  subject: SubjectOptions,
  images: readonly Float32Array[],
  labels: readonly (0 | 1)[],
  layer?: string,
): Promise<MeanActivation[]> {
  const built = buildSubject(subject, 1);
  const { value, channels } = layerNamed(built, layer);
  const counts = [0, 1].map((label) => labels.filter((one) => one === label).length);
  if (counts.includes(0)) throw new Error('both real and manipulated pictures are wanted');
  const [, , height, width] = value.type.shape as number[];
  const size = channels * height * width;
  const sums = [new Float64Array(size), new Float64Array(size)];
  const squares = new Float64Array(channels);
  const session = await openSession(
    emitOnnx({ name: 'activations', outputs: { value }, weights: built.weights }),
  );
  try {
    for (const [i, image] of images.entries()) {
      const out = floats(
        (await session.run({ image: tensor(image, built.image.type.shape as number[]) })).value,
      );
      const sum = sums[labels[i]];
      for (let k = 0; k < size; k++) {
        sum[k] += out[k];
        squares[Math.floor(k / (height * width))] += out[k] * out[k];
      }
    }
  } finally {
    await session.dispose();
  }
  const area = height * width;
  const filters = Array.from({ length: channels }, (_, filter) => {
    const part = (label: 0 | 1) =>
      Float32Array.from(sums[label].subarray(filter * area, (filter + 1) * area), (s) => s / counts[label]);
    const [real, manipulated] = [part(0), part(1)];
    const difference = real.map((mean, k) => manipulated[k] - mean);
    const strength = Math.sqrt(squares[filter] / (area * images.length)) + 1e-12;
    const effect = difference.reduce((sum, d) => sum + Math.abs(d), 0) / area / strength;
    return { filter, width, height, real, manipulated, difference, effect };
  });
  return filters.sort((a, b) => b.effect - a.effect);
}
