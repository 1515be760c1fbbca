/**
 * Maps against what was changed: the FaceForensics++ clips of ../shared/data/dev beside their originals.
 *
 *   npx tsx bench/difference-maps.ts [--frames 8] [--threshold 20] [--write] DETECTOR.onnx …
 *
 * The data set's own masks cannot be had here. A pixel of the crop counts as manipulated where the colours of the
 * manipulated frame and of the original's frame of the same number, both averaged over 5 x 5 pixels (what CRF 40 alone
 * changes is finer), differ by more than `threshold` levels in some channel. Maps are compared at their own
 * resolution, at 0.5, beside the share of pixels that are manipulated and what a map that marks all would reach.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { parse } from 'csv-parse/sync';
import { resize } from '../src/data/resize.ts';
import { loadDetector } from '../src/detect/detector.ts';
import { cropFace } from '../src/faces/crop.ts';
import { openFinder } from '../src/faces/open-finder.ts';
import { openClip } from '../src/media/open.ts';
import type { Frame, Picture } from '../src/media/types.ts';
import { groupBootstrap } from '../src/metrics/bootstrap.ts';
import {
  addPixels,
  backgroundIou,
  countPixels,
  foregroundIou,
  noPixels,
} from '../src/metrics/segmentation.ts';
import { machine } from './machine.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    frames: { type: 'string', default: '8' },
    threshold: { type: 'string', default: '20' },
    write: { type: 'boolean', default: false },
  },
});
const data = '../shared/data/dev';
const threshold = Number(values.threshold);

const rows = (
  parse(await readFile(join(data, 'videos.csv')), { columns: true }) as Record<string, string>[]
).filter(({ method, original }) => original && method !== 'DFDC');
if (rows.length === 0 || positionals.length === 0) {
  console.error(
    'usage: npx tsx bench/difference-maps.ts [--frames N] [--threshold N] [--write] DETECTOR.onnx …',
  );
  process.exit(2);
}

/** Frames by number, evenly over the shorter of the two clips. */
async function framesOf(path: string, indices: readonly number[]): Promise<Map<number, Frame>> {
  const reader = await openClip(join(data, path));
  const out = new Map<number, Frame>();
  for await (const frame of reader.frames({ kind: 'list', indices }))
    out.set(frame.index, { ...frame, data: frame.data.slice() });
  await reader.close();
  return out;
}

async function lengthOf(path: string): Promise<number> {
  const reader = await openClip(join(data, path));
  const { frames } = await reader.scan();
  await reader.close();
  return frames;
}

/** 1 where the 5 x 5 means of two crops differ, at the crop's own resolution; 255 a byte for {@link resize}. */
function differing(a: Picture, b: Picture): Picture {
  const { width, height } = a;
  const [p, q] = [a, b].map((picture) => means(picture));
  const out = new Uint8Array(width * height);
  for (let i = 0; i < out.length; i++) {
    const most = Math.max(...[0, 1, 2].map((channel) => Math.abs(p[3 * i + channel] - q[3 * i + channel])));
    if (most > threshold) out[i] = 255;
  }
  return { width, height, data: out };
}

function means({ width, height, data: bytes }: Picture): Float32Array {
  const out = new Float32Array(bytes.length);
  const clamped = (value: number, end: number) => Math.min(end - 1, Math.max(0, value));
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++)
      for (let channel = 0; channel < 3; channel++) {
        let sum = 0;
        for (let dy = -2; dy <= 2; dy++)
          for (let dx = -2; dx <= 2; dx++)
            sum += bytes[(clamped(y + dy, height) * width + clamped(x + dx, width)) * 3 + channel];
        out[(y * width + x) * 3 + channel] = sum / 25;
      }
  return out;
}

interface Looked {
  method: string;
  scene: string;
  mask: Uint8Array;
  map: Float32Array;
}

const finder = await openFinder({ threads: 2 });
const results = [];
for (const path of positionals) {
  const detector = await loadDetector(path, { threads: 2 });
  const { crop: policy, input, name } = detector.contract;
  const looked: Looked[] = [];
  for (const { file, original, method } of rows) {
    const length = Math.min(await lengthOf(file), await lengthOf(original));
    const count = Number(values.frames);
    const indices = Array.from({ length: count }, (_, i) => Math.floor(((i + 0.5) * length) / count));
    const [fakes, reals] = [await framesOf(file, indices), await framesOf(original, indices)];
    for (const [index, fake] of fakes) {
      const real = reals.get(index);
      const [face] = await finder.find(fake, {});
      if (!real || !face) continue;
      const [own, before] = [fake, real].map((frame) => cropFace(frame, face, policy, input.width));
      const { maps } = await detector.score([own]);
      const map = maps?.[0];
      if (!map) throw new Error(`${name} gives no map`);
      const mask = resize(differing(own, before), map.width, map.height, 1).data;
      looked.push({
        method,
        scene: original,
        mask: mask.map((value) => (value >= 128 ? 1 : 0)),
        map: map.data,
      });
    }
  }
  await detector.close();
  const figures = (of: readonly Looked[]) => {
    const counted = (picked: readonly Looked[], all = false) =>
      picked
        .map(({ mask, map }) => countPixels(mask, all ? map.map(() => 1) : map))
        .reduce(addPixels, noPixels);
    const mean = (picked: readonly Looked[]) => {
      const counts = counted(picked);
      return ((foregroundIou(counts) ?? 0) + (backgroundIou(counts) ?? 0)) / 2;
    };
    const range = groupBootstrap(of, ({ scene }) => scene, mean, { seed: 1 });
    const counts = counted(of);
    const pixels = Object.values(counts).reduce((sum, n) => sum + n, 0);
    const round = (value: number | undefined) =>
      value === undefined ? null : Math.round(value * 1000) / 1000;
    return {
      faces: of.length,
      manipulatedShare: round((counts.truePositives + counts.falseNegatives) / pixels),
      foregroundIou: round(foregroundIou(counts)),
      backgroundIou: round(backgroundIou(counts)),
      meanIou: round(mean(of)),
      interval: range ? [round(range.low), round(range.high)] : null,
      foregroundIouOfAllMarked: round(foregroundIou(counted(of, true))),
    };
  };
  const methods = [...new Set(looked.map(({ method }) => method))];
  const result = {
    detector: name,
    ...figures(looked),
    methods: Object.fromEntries(
      methods.map((method) => [method, figures(looked.filter((one) => one.method === method))]),
    ),
  };
  results.push(result);
  console.log(JSON.stringify(result));
}
await finder.close();
if (values.write) {
  const caveat = `Masks are differences of CRF-40 clips to their CRF-40 originals above ${threshold} levels: rough at the rim, and blind to changes that compression took away. Four scenes, 16 clips; intervals by scene.`;
  const found = { machine: machine(), frames: Number(values.frames), threshold, caveat, results };
  await writeFile('bench/results/difference-maps.json', `${JSON.stringify(found, null, 2)}\n`);
}
