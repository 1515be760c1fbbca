/**
 * One training step (forward, backward, Adam) and inference, two threads, medians after two warm-ups:
 *
 *   npm run -s bench:train -- NETWORK BATCH SIZE [STEPS]
 *
 * prints one JSON line with the keys of ../shared/bench/peer_train.py. The step is the one that `mesoscope train`
 * takes, its draws of dropout noise and its check for NaN included; the pictures are random and stay the same, as
 * the peer's. Inference is a detector's: weights as constants, a batch of any size.
 */
import { Random } from '../src/base/random.ts';
import { version } from '../src/base/version.ts';
import { input } from '../src/graph/leaves.ts';
import { emitOnnx } from '../src/graph/onnx/emit.ts';
import { initialWeights, Scope, trainableCount } from '../src/graph/scope.ts';
import { tensor } from '../src/graph/tensor.ts';
import { networkNamed } from '../src/models/index.ts';
import { openSession } from '../src/runtime/session.ts';
import { engineVersion } from '../src/runtime/version.ts';
import { optimiserSchema } from '../src/train/optimisers/index.ts';
import type { StepOptions } from '../src/train/step.ts';
import { Trainer } from '../src/train/trainer.ts';
import { median } from './machine.ts';

const [name, batchText, sizeText, stepsText = '10'] = process.argv.slice(2);
const [batchSize, size, steps] = [batchText, sizeText, stepsText].map(Number);
if (!name || ![batchSize, size, steps].every((value) => value > 0)) {
  console.error('usage: npm run -s bench:train -- NETWORK BATCH SIZE [STEPS]');
  process.exit(2);
}

const network = networkNamed(name);
const options = network.options.parse({});
const session = { threads: 2 };
const random = new Random(1);
const images = Float32Array.from({ length: batchSize * 3 * size * size }, () => random.next());
const labels = Float32Array.from({ length: batchSize }, (_, i) => i % 2);
const round = (value: number) => Math.round(value * 10) / 10;

async function medianMs(work: (i: number) => Promise<unknown>): Promise<number> {
  const times: number[] = [];
  for (let i = 0; i < steps + 2; i++) {
    const began = performance.now();
    await work(i);
    times.push(performance.now() - began);
  }
  return median(times.slice(2));
}

const inference = Scope.root('inference');
const { score } = network.build(inference, input('image', ['N', 3, size, size]), options);
const weights = initialWeights(inference.parameters, 1);

const step: StepOptions = {
  network,
  options,
  batchSize,
  size,
  loss: { kind: 'cross-entropy', smoothing: 0 },
  optimiser: optimiserSchema.parse({ kind: 'adam' }),
};
const trainer = await Trainer.open({ step, initial: weights, seed: 1, session });
const train = await medianMs((i) => trainer.step({ images, labels }, i, 1e-3, i + 1));
await trainer.dispose();

const detector = await openSession(emitOnnx({ name, outputs: { score }, weights }), session);
const image = tensor(images, [batchSize, 3, size, size]);
const infer = await medianMs(() => detector.run({ image }));
await detector.dispose();

const line = {
  network: name,
  batch: batchSize,
  size,
  parameters: trainableCount(inference.parameters),
  train_step_ms: round(train),
  train_images_per_s: round((batchSize / train) * 1000),
  infer_ms: round(infer),
  infer_images_per_s: round((batchSize / infer) * 1000),
  mesoscope: version,
  onnxruntime: engineVersion,
};
console.log(JSON.stringify(line));
