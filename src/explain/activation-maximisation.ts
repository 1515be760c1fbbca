/** Pictures that excite a filter most (000 §3.6): gradient ascent on E(x) = f(x) - lambda ||x||_p, f being the filter's output summed over its places. */
import { Random } from '../base/random.ts';
import { scalar } from '../graph/leaves.ts';
import { emitOnnx } from '../graph/onnx/emit.ts';
import { floats, tensor } from '../graph/tensor.ts';
import * as ops from '../ops/index.ts';
import { openSession } from '../runtime/session.ts';
import { layerNamed } from './grad-cam.ts';
import { buildSubject, type SubjectOptions } from './subject.ts';

export interface MaximiseOptions {
  /** Path of the layer, the last where left out; and the filter in it. */
  layer?: string;
  filter: number;
  /** 000, Figure 7: lambda 10, p 6; p must be even. */
  lambda?: number;
  p?: number;
  steps?: number;
  /** Step size as a share of the pictures' range. */
  rate?: number;
  seed: number;
}

export interface Maximised {
  /** 3 x height x width, in the network's normalised units. */
  image: Float32Array;
  /** Mean activation of the filter at the start and at the end. */
  before: number;
  after: number;
}

/**
 * Starts from faint noise; every step moves by the gradient over its own root mean square, so that filters of all
 * strengths take as long. The same seed gives the same picture.
 */
export async function maximise(
  subject: SubjectOptions,
  { layer, filter, lambda = 10, p = 6, steps = 60, rate = 0.05, seed }: MaximiseOptions,
): Promise<Maximised> {
  const built = buildSubject(subject, 1);
  const { value, channels } = layerNamed(built, layer);
  if (filter < 0 || filter >= channels) throw new Error(`the layer has filters 0 to ${channels - 1}`);
  const output = ops.slice(value, { axis: 1, from: filter, to: filter + 1 });
  const activation = ops.reduceMean(output);
  const norm = ops.power(ops.reduceSum(ops.power(built.image, p)), 1 / p);
  const energy = ops.subtract(ops.reduceSum(output), ops.multiply(norm, scalar(lambda)));
  const [gradient] = ops.gradientsOf(energy, [built.image]);
  if (gradient === undefined) throw new Error('the filter does not depend on the picture');
  const session = await openSession(
    emitOnnx({ name: 'maximise', outputs: { activation, gradient }, weights: built.weights }),
  );
  try {
    const dims = built.image.type.shape as number[];
    const random = new Random(seed, 'maximise', filter);
    const image = Float32Array.from({ length: dims[1] * dims[2] * dims[3] }, () => 0.1 * random.normal());
    const run = async () => {
      const out = await session.run({ image: tensor(image, dims) });
      return { activation: floats(out.activation)[0], gradient: floats(out.gradient) };
    };
    const before = (await run()).activation;
    for (let step = 0; step < steps; step++) {
      const { gradient: move } = await run();
      const size = Math.sqrt(move.reduce((sum, g) => sum + g * g, 0) / move.length) + 1e-12;
      for (let i = 0; i < image.length; i++) {
        // What no picture can hold is no answer.
        image[i] = Math.max(-1, Math.min(1, image[i] + (rate * move[i]) / size));
      }
    }
    return { image, before, after: (await run()).activation };
  } finally {
    await session.dispose();
  }
}
