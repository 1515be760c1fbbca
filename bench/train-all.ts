/**
 * Training and inference against PyTorch, network by network, interleaved: ours, the peer, ours, the peer …
 *
 *   npx tsx bench/train-all.ts [--write] [--rounds 3] [--steps 10] [NETWORK …]
 *
 * Ratios are ours over the peer's in images a second, the median over the rounds. Peak memory is the whole
 * process's, engine and interpreter included (about 90 MiB for Node, 200 MiB for Python with PyTorch).
 */
import { writeFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { runChild } from './child.ts';
import { machine, median } from './machine.ts';
import { mergeRows } from './merge.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    write: { type: 'boolean', default: false },
    rounds: { type: 'string', default: '3' },
    steps: { type: 'string', default: '10' },
  },
});

/** Network, batch, size, and the least ratios that were asked for. */
const cases = [
  { network: 'meso4', batch: 16, size: 256, train: 1.2, infer: 2.0 },
  { network: 'fn3', batch: 16, size: 128, train: 1.0, infer: 1.0 },
  { network: 'vgg5', batch: 8, size: 128, train: 1.0, infer: 1.0 },
  { network: 'vgg8', batch: 8, size: 128, train: undefined, infer: 1.0 },
  { network: 'fcn', batch: 8, size: 128, train: 1.0, infer: 1.0 },
  { network: 'resnet18', batch: 8, size: 224, train: 0.7, infer: 1.0 },
  { network: 'densenet121', batch: 4, size: 224, train: undefined, infer: 1.0 },
];

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));
const ours = { command: process.execPath, args: ['--import', 'tsx', path('./train.ts')] };
const peer = { command: '/usr/bin/python3', args: [path('../../shared/bench/peer_train.py')] };

interface Line {
  parameters: number;
  train_images_per_s: number;
  infer_images_per_s: number;
  torch?: string;
}

const rows = [];
for (const wanted of cases) {
  const { network, batch, size } = wanted;
  if (positionals.length > 0 && !positionals.includes(network)) continue;
  const rounds: { ours: Line; peer: Line; load: number }[] = [];
  let [oursMiB, peerMiB] = [0, 0];
  for (let i = 0; i < Number(values.rounds); i++) {
    const measure = async ({ command, args }: typeof ours) => {
      const run = await runChild(command, [...args, network, `${batch}`, `${size}`, values.steps]);
      if (run.code !== 0) throw new Error(`${network}: ${run.stderr}`);
      return { line: JSON.parse(run.stdout) as Line, peakMiB: run.peakMiB };
    };
    const [a, b] = [await measure(ours), await measure(peer)];
    oursMiB = Math.max(oursMiB, a.peakMiB);
    peerMiB = Math.max(peerMiB, b.peakMiB);
    rounds.push({ ours: a.line, peer: b.line, load: Math.round(loadavg()[0] * 10) / 10 });
  }
  const ratio = (key: 'train_images_per_s' | 'infer_images_per_s') =>
    Math.round(median(rounds.map((round) => round.ours[key] / round.peer[key])) * 100) / 100;
  const row = {
    network,
    batch,
    size,
    train_ratio: ratio('train_images_per_s'),
    infer_ratio: ratio('infer_images_per_s'),
    wanted: { train: wanted.train ?? null, infer: wanted.infer },
    peak_mib: { ours: Math.round(oursMiB), peer: Math.round(peerMiB) },
    rounds,
  };
  rows.push(row);
  const { rounds: _, ...short } = row;
  console.log(JSON.stringify(short));
}

if (values.write) {
  const caveats = [
    "Debian's PyTorch 1.13 with oneDNN on a generic BLAS.",
    'Two threads each, on a machine that others use at the same time (load beside each round): trust the ratios.',
    'Peak memory is of the whole process, training and inference.',
  ];
  const file = path('./results/train.json');
  const all = positionals.length > 0 ? mergeRows(file, rows) : rows;
  writeFileSync(file, `${JSON.stringify({ machine: machine(), caveats, rows: all }, null, 2)}\n`);
}
