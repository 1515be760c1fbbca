/**
 * First weights for `mobilenet` from the face descriptor in `@vladmandic/human` (HSE FaceRes, a MobileNet trained on
 * VGGFace2; MIT):
 *
 *   npx tsx scripts/faceres-weights.ts MANIFEST OUT.safetensors [PICTURES]
 *
 * The descriptor's norms are folded into its convolutions. Training wants them back: each norm gets the mean and the
 * variance that its input has over real faces of the set (default 192 of them), and a scale and shift that undo
 * them, so that the network computes what the descriptor did. The heads stay as drawn (recipe: `init.except`).
 */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readManifest } from '../src/data/manifest.ts';
import { normaliseInto } from '../src/data/normalise.ts';
import { resize } from '../src/data/resize.ts';
import { readThrough } from '../src/data/shards.ts';
import { installedModelFiles } from '../src/faces/installed-model-files.ts';
import { parseTfjs } from '../src/faces/tfjs-model.ts';
import { input } from '../src/graph/leaves.ts';
import { topological, type Value } from '../src/graph/node.ts';
import { emitOnnx } from '../src/graph/onnx/emit.ts';
import { initialWeights, Scope } from '../src/graph/scope.ts';
import { floats, type Tensor, tensor } from '../src/graph/tensor.ts';
import { readPicture } from '../src/media/image.ts';
import { mobilenet, mobilenetBlocks } from '../src/models/mobilenet.ts';
import { inputShape } from '../src/models/network.ts';
import { encodeSafeTensors } from '../src/models/weights/safetensors.ts';
import * as ops from '../src/ops/index.ts';
import { openSession } from '../src/runtime/session.ts';

const [set, out, count = '192'] = process.argv.slice(2);
if (!set || !out) {
  console.error('usage: npx tsx scripts/faceres-weights.ts MANIFEST OUT.safetensors [PICTURES]');
  process.exit(2);
}
const epsilon = 1e-5;
/** Mean colour that the descriptor takes off, B, G, R. */
const means = [103.939, 116.779, 123.68];

/** What the first weights were made at; the statistics hardly depend on it. */
const side = 192;

const { weights: stored } = parseTfjs(await installedModelFiles.read('faceres'));
const given = (name: string) => {
  const found = stored.get(name);
  if (!found) throw new Error(`faceres has no ${name}`);
  return { dims: found.dims, data: Float32Array.from(found.data) };
};

/** [h, w, I, O] to [O, I, h, w]; of depthwise kernels [h, w, C, 1] to [C, 1, h, w]. */
function kernelOf(name: string, depthwise = false): Tensor & { data: Float32Array } {
  const { dims, data } = given(name);
  const [h, w, second, last] = dims;
  const [o, i] = depthwise ? [second, 1] : [last, second];
  const kernel = new Float32Array(data.length);
  for (let y = 0; y < h; y++)
    for (let x = 0; x < w; x++)
      for (let a = 0; a < i; a++)
        for (let b = 0; b < o; b++) {
          const from = depthwise ? (y * w + x) * o + b : ((y * w + x) * i + a) * o + b;
          kernel[((b * i + a) * h + y) * w + x] = data[from];
        }
  return tensor(kernel, [o, i, h, w]) as Tensor & { data: Float32Array };
}

const options = mobilenet.options.parse({ blocks: mobilenetBlocks.length });
const scope = Scope.root('inference');
const image = input('image', inputShape(mobilenet, 'N', side));
const outputs = mobilenet.build(scope, image, options);
const weights = new Map<string, Tensor>(initialWeights(scope.parameters, 1));
const shifts = new Map<string, Float32Array>();
const place = (path: string, kernel: Tensor, shift: Float32Array) => {
  const expected = weights.get(`${path}/conv/weight`);
  if (expected?.dims.join() !== kernel.dims.join())
    throw new Error(`${path} is ${expected?.dims}, not ${kernel.dims}`);
  weights.set(`${path}/conv/weight`, kernel);
  shifts.set(path, shift);
};

const stem = kernelOf('conv1/convolution/merged_input');
const stemShift = given('conv1_bn/batchnorm_1/sub').data;
const ours = new Float32Array(stem.data.length);
for (let o = 0; o < 32; o++)
  for (let c = 0; c < 3; c++)
    for (let k = 0; k < 9; k++) {
      // We feed R, G, B in -1…1, it wants B, G, R in bytes less the means.
      const weight = stem.data[(o * 3 + c) * 9 + k];
      ours[(o * 3 + 2 - c) * 9 + k] = weight * 127.5;
      stemShift[o] += weight * (127.5 - means[c]);
    }
place('stem', tensor(ours, [32, 3, 3, 3]), stemShift);
for (const i of mobilenetBlocks.keys()) {
  const kernel = kernelOf(`conv_dw_${i + 1}/depthwise_kernel`, true);
  const factor = given(`conv_dw_${i + 1}_bn/batchnorm_1/mul`).data;
  for (let k = 0; k < kernel.data.length; k++) kernel.data[k] *= factor[Math.floor(k / 9)];
  place(`block${i + 1}/depthwise`, kernel, given(`conv_dw_${i + 1}_bn/batchnorm_1/sub`).data);
  place(
    `block${i + 1}/pointwise`,
    kernelOf(`conv_pw_${i + 1}/convolution/merged_input`),
    given(`conv_pw_${i + 1}_bn/batchnorm_1/sub`).data,
  );
}
for (const [path, shift] of shifts) {
  weights.set(`${path}/norm/beta`, tensor(shift, [shift.length]));
  weights.set(
    `${path}/norm/gamma`,
    tensor(new Float32Array(shift.length).fill(Math.sqrt(1 + epsilon)), [shift.length]),
  );
}

const seen = new Map<string, Value>();
for (const node of topological([outputs.score, ...(outputs.map ? [outputs.map] : [])])) {
  if (node.op.name !== 'batchNorm') continue;
  const path = node.path.replace(/\/norm$/, '');
  seen.set(`${path}:mean`, ops.reduceMean(node.inputs[0], [0, 2, 3]));
  seen.set(`${path}:square`, ops.reduceMean(ops.square(node.inputs[0]), [0, 2, 3]));
}
const session = await openSession(emitOnnx({ name: 'statistics', outputs: seen, weights }), {});
const { folder, items } = await readManifest(set);
const reals = items.filter(({ label }) => label === 0);
const every = Math.max(1, Math.floor(reals.length / Number(count)));
const faces = reals.filter((_, i) => i % every === 0).slice(0, Number(count));
const sums = new Map<string, Float64Array>();
for (const { file } of faces) {
  const pixels = new Float32Array(3 * side * side);
  normaliseInto(
    resize(await readPicture(await readThrough(join(folder, file))), side, side),
    mobilenet.normalisation,
    pixels,
    0,
  );
  const result = await session.run({ image: tensor(pixels, [1, 3, side, side]) });
  for (const [name, value] of Object.entries(result)) {
    const sum = sums.get(name) ?? new Float64Array(floats(value).length);
    for (const [i, v] of floats(value).entries()) sum[i] += v / faces.length;
    sums.set(name, sum);
  }
}
for (const [path, shift] of shifts) {
  const mean = sums.get(`${path}:mean`);
  const square = sums.get(`${path}:square`);
  if (!mean || !square) throw new Error(`no statistics of ${path}`);
  const n = shift.length;
  const deviation = Float32Array.from(square, (value, i) =>
    Math.sqrt(Math.max(0, value - mean[i] ** 2) + epsilon),
  );
  // A norm undoes any scale of what it reads: kernels whose outputs have deviation 1 suit one learning rate. Filters
  // that never answer stay as they are.
  const unit = deviation.map((value) => (value < 0.01 ? 1 : value));
  const kernel = floats(weights.get(`${path}/conv/weight`) as Tensor);
  const each = kernel.length / n;
  for (let k = 0; k < kernel.length; k++) kernel[k] /= unit[Math.floor(k / each)];
  weights.set(
    `${path}/norm/mean`,
    tensor(
      Float32Array.from(mean, (value, i) => value / unit[i]),
      [n],
    ),
  );
  weights.set(
    `${path}/norm/variance`,
    tensor(
      deviation.map((value, i) => (value / unit[i]) ** 2),
      [n],
    ),
  );
  weights.set(`${path}/norm/gamma`, tensor(deviation, [n]));
  weights.set(
    `${path}/norm/beta`,
    tensor(
      shift.map((value, i) => value + mean[i]),
      [n],
    ),
  );
}
await session.dispose();
await writeFile(out, encodeSafeTensors(weights, { source: '@vladmandic/human faceres (MIT)' }));
console.log(`${out}: ${mobilenetBlocks.length} blocks, statistics of ${faces.length} faces`);
