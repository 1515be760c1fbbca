/**
 * Convolutions of our networks, forward and backward, against PyTorch: one JSON line a shape, then a table.
 *
 *   npx tsx bench/ops.ts [--write] [--rounds 7] [--only NETWORK]
 *
 * Every execution of ours is followed by one of the peer's. Two figures each: the median wall time on two threads, and
 * the least processor time on one thread. The second hardly minds other programs on the same cores; the first is what
 * users feel. Ratios are the peer's time over ours: above 1 we are faster. PyTorch also allocates its results anew
 * each time, as it does in training; ONNX Runtime takes them from its arena.
 */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { createInterface } from 'node:readline';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Random } from '../src/base/random.ts';
import { input } from '../src/graph/leaves.ts';
import type { Value } from '../src/graph/node.ts';
import { emitOnnx } from '../src/graph/onnx/emit.ts';
import { fixed, sizeOf, type Tensor, tensor } from '../src/graph/tensor.ts';
import { convInputGradient } from '../src/ops/conv-input-gradient.ts';
import { convWeightGradient } from '../src/ops/conv-weight-gradient.ts';
import { windowAttributes } from '../src/ops/convolution-shape.ts';
import { conv2d, reduceMax } from '../src/ops/index.ts';
import { channelBlock } from '../src/runtime/channel-block.ts';
import { openSession, type Session } from '../src/runtime/session.ts';
import { machine, median } from './machine.ts';

const { values } = parseArgs({
  options: {
    write: { type: 'boolean', default: false },
    rounds: { type: 'string', default: '7' },
    only: { type: 'string' },
  },
});

interface Shape {
  network: string;
  batch: number;
  channels: number;
  filters: number;
  size: number;
  kernel: number;
  stride: number;
  padding: number;
  dilation: number;
  groups: number;
}

const half = (kernel: number, dilation = 1) => (dilation * (kernel - 1)) >> 1;

// biome-ignore format: a table reads by its columns
const rows: [network: string, batch: number, channels: number, filters: number, size: number, kernel: number, more?: Partial<Shape>][] = [
  ['meso4', 16, 3, 8, 256, 3],
  ['meso4', 16, 8, 8, 128, 5],
  ['meso4', 16, 8, 16, 64, 5],
  ['meso4', 16, 16, 16, 32, 5],
  ['meso-inception4', 16, 3, 4, 256, 1],
  ['meso-inception4', 16, 4, 4, 256, 3],
  ['meso-inception4', 16, 4, 4, 256, 3, { dilation: 2 }],
  ['vgg5', 8, 3, 64, 128, 3],
  ['vgg5', 8, 64, 64, 128, 3],
  ['vgg5', 8, 64, 128, 64, 3],
  ['vgg8', 8, 256, 256, 32, 3],
  ['fn3', 16, 3, 64, 128, 7, { stride: 2 }],
  ['fn3', 16, 64, 64, 64, 7, { stride: 2 }],
  ['fcn', 8, 32, 32, 126, 3, { padding: 0 }],
  ['fcn', 8, 64, 128, 57, 3, { padding: 0 }],
  ['fcn', 8, 256, 256, 51, 3, { padding: 0 }],
  ['resnet18', 8, 3, 64, 224, 7, { stride: 2 }],
  ['resnet18', 8, 64, 64, 56, 3],
  ['resnet18', 8, 64, 128, 56, 3, { stride: 2 }],
  ['resnet18', 8, 64, 128, 56, 1, { stride: 2 }],
  ['resnet18', 8, 128, 128, 28, 3],
  ['resnet18', 8, 256, 256, 14, 3],
  ['resnet18', 8, 512, 512, 7, 3],
  ['densenet121', 4, 256, 128, 56, 1],
  ['densenet121', 4, 128, 32, 28, 3],
  ['xception', 4, 728, 728, 19, 3, { groups: 728 }],
  ['xception', 4, 728, 728, 19, 1],
];

const shapes: Shape[] = rows.map(([network, batch, channels, filters, size, kernel, more = {}]) => ({
  network,
  batch,
  channels,
  filters,
  size,
  kernel,
  stride: 1,
  dilation: 1,
  groups: 1,
  padding: half(kernel, more.dilation),
  ...more,
}));

const runs = ['forward', 'dx', 'dw'] as const;
type Run = (typeof runs)[number];
interface Time {
  ms: number;
  cpu: number;
}

class Peer {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #lines: AsyncIterator<string>;

  private constructor(child: ChildProcessWithoutNullStreams) {
    this.#child = child;
    this.#lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  }

  /** PyTorch, or why there is none. */
  static async start(): Promise<{ peer: Peer; torch: string } | string> {
    const script = fileURLToPath(new URL('./peers/torch_ops.py', import.meta.url));
    const child = spawn('/usr/bin/python3', [script]);
    let complaint = '';
    child.stderr.on('data', (chunk) => {
      complaint += chunk;
    });
    child.on('error', (error) => {
      complaint += error.message;
    });
    const peer = new Peer(child);
    const first = await peer.#lines.next();
    if (first.done) return complaint.trim().split('\n').at(-1) ?? 'it ended';
    return { peer, torch: JSON.parse(first.value).torch };
  }

  async ask<T>(request: unknown): Promise<T> {
    this.#child.stdin.write(`${JSON.stringify(request)}\n`);
    const { value, done } = await this.#lines.next();
    if (done) throw new Error('the peer ended');
    return JSON.parse(value) as T;
  }

  stop(): void {
    this.#child.stdin.end();
  }
}

const random = new Random(1, 'bench');
const filled = (dims: readonly number[]) =>
  tensor(
    Float32Array.from({ length: sizeOf(dims) }, () => random.uniform(-1, 1)),
    dims,
  );

/** Our graph of one run. Only a number comes back, so that copying the result out is not measured. */
function graphOf(shape: Shape, run: Run): { result: Value; feeds: Record<string, Tensor> } {
  const { batch, channels, filters, size, kernel, stride, padding, dilation, groups } = shape;
  const x = input('x', [batch, channels, size, size]);
  const w = input('w', [filters, channels / groups, kernel, kernel]);
  const window = {
    ...windowAttributes([kernel, kernel], [size, size], { stride, padding, dilation }),
    groups,
  };
  const y = conv2d(x, w, { stride, padding, dilation, groups });
  const dy = input('dy', y.type.shape);
  const made = {
    forward: () => y,
    dx: () => convInputGradient(dy, w, x.type.shape, window),
    dw: () => convWeightGradient(x, dy, w.type.shape, window),
  }[run]();
  const used = { forward: { x, w }, dx: { dy, w }, dw: { x, dy } }[run];
  const feeds = Object.entries(used).map(([name, value]) => [name, filled(fixed(value.type.shape))]);
  return { result: reduceMax(made), feeds: Object.fromEntries(feeds) };
}

async function timed(session: Session, feeds: Record<string, Tensor>): Promise<Time> {
  const before = process.cpuUsage();
  const start = performance.now();
  await session.run(feeds);
  const ms = performance.now() - start;
  const { user, system } = process.cpuUsage(before);
  return { ms, cpu: (user + system) / 1000 };
}

interface Figures {
  ms: number;
  cpu: number;
}
type Line = Shape & Record<`${Run}`, { ours: Figures; torch?: Figures; ratio?: number; cpuRatio?: number }>;

const block = await channelBlock();
const started = await Peer.start();
if (typeof started === 'string') {
  console.error(`No PyTorch on this machine (${started}); ours alone follows.`);
}
const found = typeof started === 'string' ? undefined : started;
const lines: Line[] = [];
for (const shape of shapes) {
  if (values.only !== undefined && shape.network !== values.only) continue;
  await found?.peer.ask({ open: shape });
  const parts = {} as Record<Run, Line[Run]>;
  for (const run of runs) {
    const { result, feeds } = graphOf(shape, run);
    const model = emitOnnx({ name: run, outputs: { result }, channelBlock: block });
    const sessions = [await openSession(model, { threads: 2 }), await openSession(model, { threads: 1 })];
    const times: Record<'ours' | 'torch', { ms: number[]; cpu: number[] }> = {
      ours: { ms: [], cpu: [] },
      torch: { ms: [], cpu: [] },
    };
    // The first round warms up.
    for (let round = 0; round <= Number(values.rounds); round++) {
      for (const [index, threads] of [2, 1].entries()) {
        const ours = await timed(sessions[index], feeds);
        // ONNX Runtime's threads wait busily for a while after a run.
        await setTimeout(5);
        const torch = await found?.peer.ask<Time>({ run, threads });
        if (round === 0) continue;
        for (const [who, time] of [
          ['ours', ours],
          ['torch', torch],
        ] as const) {
          if (threads === 2 && time) times[who].ms.push(time.ms);
          if (threads === 1 && time) times[who].cpu.push(time.cpu);
        }
      }
    }
    for (const session of sessions) await session.dispose();
    const figures = (who: 'ours' | 'torch'): Figures => ({
      ms: rounded(median(times[who].ms)),
      cpu: rounded(Math.min(...times[who].cpu)),
    });
    const ours = figures('ours');
    const torch = found && figures('torch');
    parts[run] = torch
      ? { ours, torch, ratio: rounded(torch.ms / ours.ms), cpuRatio: rounded(torch.cpu / ours.cpu) }
      : { ours };
  }
  const line: Line = { ...shape, ...parts };
  lines.push(line);
  console.log(JSON.stringify(line));
}
found?.peer.stop();

function rounded(value: number): number {
  return Number(value.toPrecision(3));
}

console.log(`\n${'shape'.padEnd(44)}${runs.map((run) => run.padEnd(34)).join('')}`);
for (const line of lines) {
  const { network, batch, channels, filters, size, kernel, stride, dilation, groups } = line;
  const more = [stride > 1 && `s${stride}`, dilation > 1 && `d${dilation}`, groups > 1 && `g${groups}`];
  const name = `${network} ${batch}x${channels}→${filters} ${size}px k${kernel} ${more.filter(Boolean).join(' ')}`;
  const cells = runs.map((run) => {
    const { ours, torch, ratio, cpuRatio } = line[run];
    const peer = torch ? ` / ${torch.ms} = ${ratio} (cpu ${cpuRatio})` : '';
    return `${ours.ms}${peer}`.padEnd(34);
  });
  console.log(`${name.padEnd(44)}${cells.join('')}`);
}
console.log(
  'ms on two threads, ours / PyTorch = PyTorch over ours (cpu: the same on one thread, processor time)',
);

if (values.write) {
  const file = fileURLToPath(new URL('./results/ops.json', import.meta.url));
  const about = {
    machine: machine(),
    torch: found?.torch ?? null,
    channelBlock: block ?? null,
    rounds: Number(values.rounds),
    load: loadavg().map((value) => Math.round(value * 10) / 10),
    caveats:
      'ms: median wall time on 2 threads; cpu: least processor time on 1 thread. Where the load is above 0 other programs shared the cores: then trust cpuRatio.',
  };
  writeFileSync(file, `${JSON.stringify({ ...about, lines }, null, 2)}\n`);
}
