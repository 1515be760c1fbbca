/** Puts the explanations of a detector together for the page. */
import { join } from 'node:path';
import { hash32 } from '../base/random.ts';
import { readThrough } from '../data/shards.ts';
import { type Detector, normalise } from '../detect/detector.ts';
import { maximise } from '../explain/activation-maximisation.ts';
import { gradCam, saliency } from '../explain/grad-cam.ts';
import { firstKernels } from '../explain/kernels.ts';
import { meanActivations } from '../explain/mean-activations.ts';
import { occlusion } from '../explain/occlusion.ts';
import { buildSubject, type SubjectOptions } from '../explain/subject.ts';
import { floats } from '../graph/tensor.ts';
import { readPicture, resizePicture } from '../media/image.ts';
import type { Picture } from '../media/types.ts';
import { overlay } from '../report/crops.ts';
import type { ExplainedFace, ExplainedFilter, ExplanationPage } from '../report/explanations.ts';
import { colourPicture, greyPicture, normalised, type Plane, signedPicture } from '../report/planes.ts';
import type { Faces } from './faces-source.ts';

export interface ExplanationOptions {
  /** Faces shown, half of them real; and faces that mean activations are taken over. */
  shown: number;
  averaged: number;
  filters: number;
  layer?: string;
  seed: number;
  onStep?(what: string, done: number, total: number): void;
  signal: AbortSignal;
}

const side = 112;

export async function explainDetector(
  detector: Detector,
  bytes: Uint8Array,
  faces: Faces,
  { shown, averaged, filters: most, layer, seed, onStep, signal }: ExplanationOptions,
): Promise<Pick<ExplanationPage, 'layer' | 'faces' | 'filters' | 'kernels'>> {
  const { contract } = detector;
  const { input, network } = contract;
  const subject: SubjectOptions = { bytes, network, height: input.height, width: input.width };
  const path = layer ?? buildSubject(subject, 1).layers.at(-1)?.path;
  if (path === undefined) throw new Error('the network has no activation to look at');
  const items = pick(faces.items, averaged, seed);
  const pictures: Picture[] = [];
  for (const { file } of items) {
    signal.throwIfAborted();
    const picture = await readPicture(await readThrough(join(faces.folder, file)));
    pictures.push(await resizePicture(picture, input.width, input.height, 'linear'));
  }
  const images = pictures.map((one) => floats(normalise([one], input)).slice());
  const labels = items.map(({ label }) => label);

  const explained: ExplainedFace[] = [];
  const chosen = ([0, 1] as const).flatMap((label) =>
    [...labels.keys()].filter((i) => labels[i] === label).slice(0, Math.ceil(shown / 2)),
  );
  for (const [k, i] of chosen.entries()) {
    signal.throwIfAborted();
    onStep?.('faces', k, chosen.length);
    explained.push(await explainFace(detector, subject, path, images[i], pictures[i], items[i]));
  }

  const means = await meanActivations(subject, images, labels, path);
  const filters: ExplainedFilter[] = [];
  for (const [k, mean] of means.slice(0, most).entries()) {
    signal.throwIfAborted();
    onStep?.('filters', k, Math.min(most, means.length));
    const { filter, width, height, real, manipulated, difference } = mean;
    const found = await maximise(subject, { layer: path, filter, seed });
    const high = Math.max(...real, ...manipulated);
    const plane = (data: Float32Array): Plane => ({ width, height, data });
    filters.push({
      layer: path,
      filter,
      before: found.before,
      after: found.after,
      difference: difference.reduce((sum, d) => sum + d, 0) / difference.length,
      imagined: colourPicture(input.width, input.height, found.image, [-1, 1], side),
      real: greyPicture(plane(real), 0, high, side),
      manipulated: greyPicture(plane(manipulated), 0, high, side),
      apart: signedPicture(plane(difference), Math.max(...difference.map(Math.abs)), side),
    });
  }
  const kernels = firstKernels(subject);
  const largest = Math.max(...kernels.flatMap(({ weights }) => [...weights].map(Math.abs)), 1e-9);
  return {
    layer: path,
    faces: explained,
    filters,
    kernels: kernels.map(({ width, height, weights }) =>
      colourPicture(width, height, weights, [-largest, largest], side / 2),
    ),
  };
}

async function explainFace(
  detector: Detector,
  subject: SubjectOptions,
  layer: string,
  image: Float32Array,
  picture: Picture,
  { label, method }: { label: 0 | 1; method: string },
): Promise<ExplainedFace> {
  const { width, height } = subject;
  const { scores, maps } = await detector.scoreNormalised(image, 1);
  const over = (plane: Plane) => overlay(picture, plane);
  const first = ({ width: w, height: h, planes }: Awaited<ReturnType<typeof gradCam>>): Plane =>
    normalised({ width: w, height: h, data: planes[0] });
  const covered = await occlusion({
    score: async (batch, count) => (await detector.scoreNormalised(batch, count)).scores,
    image,
    width,
    height,
  });
  // A tenth of a probability is worth full colour; less is paler.
  const drop = covered.drop.map((value) => value / Math.max(0.1, ...covered.drop));
  return {
    label,
    method,
    score: scores[0],
    pictures: [
      { title: 'face', picture },
      { title: 'Grad-CAM', picture: over(first(await gradCam(subject, image, 1, layer))) },
      ...(maps ? [{ title: 'map', picture: over(maps[0]) }] : []),
      { title: 'gradients', picture: over(first(await saliency(subject, image, 1))) },
      { title: 'guided', picture: over(first(await saliency(subject, image, 1, 'guided'))) },
      { title: 'occlusion', picture: over({ width: covered.width, height: covered.height, data: drop }) },
    ],
  };
}

/** `count` items, the classes alike, by the seed. */
function pick(items: Faces['items'], count: number, seed: number): Faces['items'] {
  const ranked = [...items].sort((a, b) => hash32(`${seed}/${a.id}`) - hash32(`${seed}/${b.id}`));
  return ([0, 1] as const).flatMap((label) =>
    ranked.filter((item) => item.label === label).slice(0, Math.ceil(count / 2)),
  );
}
