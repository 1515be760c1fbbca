/**
 * Every network, as classifier and as segmenter: parameters (ours, published), multiply-adds, images a second in
 * training and inference here, and the ratio to PyTorch for those in ../shared/bench/peer_train.py.
 *
 *   npx tsx bench/networks.ts [--write] [--only NAME,NAME] [--steps N]
 *
 * Two threads, the step that `mesoscope train` takes (Adam; plain gradient descent for Bayar's 171 M parameters, whose
 * moments would fill the memory), medians after two warm-ups, a process a row. Peers run right after ours with the same
 * batch and size. `--write` writes bench/results/networks.json; with `--only` the other rows stay.
 */
import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { Random } from '../src/base/random.ts';
import { input } from '../src/graph/leaves.ts';
import { emitOnnx } from '../src/graph/onnx/emit.ts';
import { initialWeights, Scope, trainableCount } from '../src/graph/scope.ts';
import { fixed, sizeOf, tensor } from '../src/graph/tensor.ts';
import { multiplyAdds } from '../src/models/cost.ts';
import { networkNamed, networks } from '../src/models/index.ts';
import { inputShape, optionsFor, type Task } from '../src/models/network.ts';
import { openSession } from '../src/runtime/session.ts';
import { lossSchema } from '../src/train/losses/index.ts';
import { optimiserSchema } from '../src/train/optimisers/index.ts';
import { Trainer } from '../src/train/trainer.ts';
import { runChild } from './child.ts';
import { machine, median } from './machine.ts';
import { mergeRows } from './merge.ts';

const peer = '../shared/bench/peer_train.py';
const peers = new Set(['meso4', 'resnet18', 'vgg5', 'fcn', 'densenet121', 'vgg8', 'fn3']);
const losses: Record<Task, unknown> = {
  cls: { kind: 'cross-entropy' },
  seg: { kind: 'pixel-cross-entropy' },
  joint: { kind: 'joint', lambda: 0.5 },
};
const session = { threads: 2 };
const round1 = (value: number) => Math.round(value * 10) / 10;
const option = (name: string) => {
  const at = process.argv.indexOf(name);
  return at < 0 ? undefined : process.argv[at + 1];
};
const steps = Number(option('--steps') ?? 5);

interface Row {
  network: string;
  task: Task;
  size: number;
  batch: number;
  parameters: number;
  publishedParameters?: number | undefined;
  millionMultiplyAdds: number;
  trainImagesPerSecond: number;
  inferImagesPerSecond: number;
  peer?: {
    parameters: number;
    trainImagesPerSecond: number;
    inferImagesPerSecond: number;
    /** Ours / peer's. */
    trainRatio: number;
    inferRatio: number;
  };
}

/** About as many pictures as two cores train on in a second or a few. */
function batchFor(millions: number): number {
  if (millions < 200) return 16;
  if (millions < 4000) return 8;
  return millions < 20_000 ? 4 : 2;
}

async function medianMs(work: (i: number) => Promise<unknown>): Promise<number> {
  const times: number[] = [];
  for (let i = 0; i < steps + 2; i++) {
    const began = performance.now();
    await work(i);
    times.push(performance.now() - began);
  }
  return median(times.slice(2));
}

async function measure(name: string, task: Task): Promise<Row> {
  const network = networkNamed(name);
  const options = optionsFor(network, task);
  const size = network.inputSize;
  const build = (batch: number | string) => {
    const scope = Scope.root('inference');
    return { scope, outputs: network.build(scope, input('image', inputShape(network, batch)), options) };
  };
  const { scope, outputs } = build(1);
  const parameters = trainableCount(scope.parameters);
  const millions = multiplyAdds([outputs.score, ...(outputs.map ? [outputs.map] : [])]) / 1e6;
  const batch = batchFor(millions);
  const pictures = batch * (network.frames ?? 1);
  const random = new Random(1);
  const dims = fixed(inputShape(network, batch));
  const images = Float32Array.from({ length: sizeOf(dims) }, () => random.next());
  const labels = Float32Array.from({ length: batch }, (_, i) => i % 2);
  const masks = Float32Array.from({ length: batch * size * size }, (_, i) => (i % 3 === 0 ? 1 : 0));
  const initial = initialWeights(scope.parameters, 1);

  const trainer = await Trainer.open({
    step: {
      network,
      options,
      batchSize: batch,
      size,
      loss: lossSchema.parse(losses[task]),
      optimiser: optimiserSchema.parse(parameters > 1e8 ? { kind: 'sgd', momentum: 0 } : { kind: 'adam' }),
    },
    initial,
    seed: 1,
    session,
  });
  const train = await medianMs((i) => trainer.step({ images, labels, masks }, i, 1e-4, i + 1));
  await trainer.dispose();

  const { score, map } = build('N').outputs;
  const named = map === undefined ? { score } : { score, map };
  // A protobuf holds at most 2 GiB; weights beyond a quarter of that are fed.
  const embedded = parameters < 1e8;
  const detector = await openSession(
    emitOnnx({ name, outputs: named, ...(embedded ? { weights: initial } : {}) }),
    session,
  );
  const feeds = { image: tensor(images, dims), ...(embedded ? {} : Object.fromEntries(initial)) };
  const infer = await medianMs(() => detector.run(feeds));
  await detector.dispose();
  return {
    network: name,
    task,
    size,
    batch,
    parameters,
    publishedParameters: task === network.tasks[0] ? network.publishedParameters : undefined,
    millionMultiplyAdds: round1(millions),
    trainImagesPerSecond: round1((pictures / train) * 1000),
    inferImagesPerSecond: round1((pictures / infer) * 1000),
  };
}

async function withPeer(row: Row): Promise<Row> {
  if (!peers.has(row.network) || row.task === 'seg') return row;
  const args = [peer, row.network, String(row.batch), String(row.size), String(steps)];
  const { stdout, stderr, code } = await runChild('/usr/bin/python3', args);
  if (code !== 0) throw new Error(`the peer failed: ${stderr}`);
  const told = JSON.parse(stdout);
  return {
    ...row,
    peer: {
      parameters: told.parameters,
      trainImagesPerSecond: told.train_images_per_s,
      inferImagesPerSecond: told.infer_images_per_s,
      trainRatio: Math.round((row.trainImagesPerSecond / told.train_images_per_s) * 100) / 100,
      inferRatio: Math.round((row.inferImagesPerSecond / told.infer_images_per_s) * 100) / 100,
    },
  };
}

const child = option('--row');
if (child !== undefined) {
  const [name, task] = child.split('/');
  console.log(JSON.stringify(await measure(name, task as Task)));
} else {
  const only = option('--only')?.split(',');
  const rows: Row[] = [];
  for (const { name, tasks } of networks.filter((network) => only?.includes(network.name) ?? true)) {
    for (const task of tasks) {
      const args = [
        '--import',
        'tsx',
        fileURLToPath(import.meta.url),
        '--row',
        `${name}/${task}`,
        '--steps',
        `${steps}`,
      ];
      const { stdout, stderr, code } = await runChild(process.execPath, args);
      if (code !== 0) throw new Error(`${name} as ${task} failed: ${stderr}`);
      const row = await withPeer(JSON.parse(stdout));
      rows.push(row);
      console.log(JSON.stringify(row));
    }
  }
  if (process.argv.includes('--write')) {
    const caveat =
      'Two threads; medians; images a second, frames counted one by one. Ratio = ours / peer’s (above 1 is faster). ' +
      'The peer is Debian’s PyTorch 1.13 with oneDNN on a generic BLAS, its heads trained as classifiers: FCN’s peer ' +
      'has no pixel loss and no second classifier. UNet and Xception as segmenters cost what they cost as classifiers.';
    const file = 'bench/results/networks.json';
    const all = only ? mergeRows(file, rows) : rows;
    const text = JSON.stringify({ machine: machine(), steps, caveat, rows: all }, null, 2);
    await writeFile(file, `${text}\n`);
  }
}
