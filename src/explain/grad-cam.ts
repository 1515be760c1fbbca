/** Grad-CAM and gradients with respect to the picture, through the engine's own reverse pass. */
import type { Gradient, Value } from '../graph/node.ts';
import { emitOnnx } from '../graph/onnx/emit.ts';
import { floats, tensor } from '../graph/tensor.ts';
import * as ops from '../ops/index.ts';
import { openSession } from '../runtime/session.ts';
import { type Built, buildSubject, type SubjectOptions } from './subject.ts';

/** One plane of values a picture; not normalised. */
export interface Planes {
  width: number;
  height: number;
  planes: Float32Array[];
}

/**
 * Grad-CAM (Selvaraju et al. 2017): activations of a layer, weighted by the mean gradient of the log-odds of
 * "manipulated", summed over channels, negative values cut off. What argues for "real" does not show.
 *
 * @param images count x 3 x height x width, normalised as the detector wants them
 * @param layer path of {@link Built.layers}; the last one where left out
 * @throws Error where there is no such layer
 */
export async function gradCam(
  subject: SubjectOptions,
  images: Float32Array,
  count: number,
  layer?: string,
): Promise<Planes> {
  const built = buildSubject(subject, count);
  const { value } = layerNamed(built, layer);
  const [gradient] = ops.gradientsOf(built.evidence, [value]);
  if (gradient === undefined) throw new Error(`the score does not depend on ${layer}`);
  const weight = ops.reduceMean(gradient, [2, 3], { keepAxes: true });
  const cam = ops.relu(ops.reduceSum(ops.multiply(value, weight), [1]));
  return planesOf(built, cam, images);
}

/** Guided back-propagation (Springenberg et al. 2015; 003's visualisation): only what raises the score goes back. */
const guided: Gradient<unknown> = ({ outputs: [y], outputGradients: [dy] }) => [
  dy && ops.reluGradient(y, ops.relu(dy)),
];

/**
 * How much each pixel moves the log-odds: the largest absolute gradient over the channels.
 * @param mode `plain` gradients, or `guided` ones, which are sharper and less faithful
 */
export async function saliency(
  subject: SubjectOptions,
  images: Float32Array,
  count: number,
  mode: 'plain' | 'guided' = 'plain',
): Promise<Planes> {
  const built = buildSubject(subject, count);
  const rules = mode === 'guided' ? new Map([['relu', guided]]) : undefined;
  const [gradient] = ops.gradientsOf(built.evidence, [built.image], rules);
  if (gradient === undefined) throw new Error('the score does not depend on the picture');
  return planesOf(built, ops.reduceMax(ops.abs(gradient), [1]), images);
}

export function layerNamed({ layers }: Built, path?: string) {
  const layer = path === undefined ? layers.at(-1) : layers.find((one) => one.path === path);
  if (!layer) {
    throw new Error(`there is no layer ${path}; there are ${layers.map((one) => one.path).join(', ')}`);
  }
  return layer;
}

async function planesOf(built: Built, result: Value, images: Float32Array): Promise<Planes> {
  const session = await openSession(
    emitOnnx({ name: 'explain', outputs: { result }, weights: built.weights }),
  );
  try {
    const { result: out } = await session.run({ image: tensor(images, built.image.type.shape as number[]) });
    const [count, height, width] = out.dims;
    const values = floats(out);
    const area = height * width;
    const planes = Array.from({ length: count }, (_, i) => values.slice(i * area, (i + 1) * area));
    return { width, height, planes };
  } finally {
    await session.dispose();
  }
}
