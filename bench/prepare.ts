/**
 * `dataset prepare` on ../shared/data/dev against the decode-only limit: `npx tsx bench/prepare.ts [--limit N] [--workers N]
 * [--sample POLICY] [--write]`. Ratios count; the figures are of a machine at some load, which is printed.
 */
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { openSource } from '../src/data/layouts/index.ts';
import { prepare } from '../src/data/prepare/index.ts';
import { chooseFrames, parseSetSampling } from '../src/data/prepare/sampling.ts';
import { openClip } from '../src/media/open.ts';
import { machine } from './machine.ts';

const { values } = parseArgs({
  options: {
    limit: { type: 'string', default: '40' },
    workers: { type: 'string', default: '2' },
    sample: { type: 'string', default: 'even:8' },
    write: { type: 'boolean', default: false },
  },
});
const path = '../shared/data/dev/videos.csv';
if (!existsSync(path)) throw new Error(`no ${path} here`);
const source = await openSource(path);
const sampling = parseSetSampling(values.sample);
const out = await mkdtemp(join(tmpdir(), 'mesoscope-bench-'));
const load = loadavg()[0];
const began = performance.now();
const report = await prepare(source, {
  out,
  crop: { kind: 'square', scale: 1.3, fill: 'edge' },
  sampling,
  size: 256,
  format: 'jpg',
  jpegQuality: 95,
  faces: 'main',
  leastFace: 40,
  workers: Number(values.workers),
  limit: Number(values.limit),
  manifest: 'csv',
});
const seconds = (performance.now() - began) / 1000;
await rm(out, { recursive: true });

const decodeBegan = performance.now();
let frames = 0;
for (const item of source.items.slice(0, report.counts.clips)) {
  const clip = await openClip(join(source.folder, item.file), { threads: 1 });
  for await (const _ of clip.frames({ kind: 'list', indices: await chooseFrames(clip, sampling) })) frames++;
  await clip.close();
}
const decodeSeconds = (performance.now() - decodeBegan) / 1000;

const { clips, faces, decodeSeconds: inside } = report.counts;
const result = {
  bench: 'prepare',
  machine: machine(),
  load: { before: load, after: loadavg()[0] },
  options: { sampling: values.sample, workers: Number(values.workers) },
  clips,
  frames: report.counts.frames,
  faces,
  seconds,
  clipsPerSecond: clips / seconds,
  facesPerSecond: faces / seconds,
  /** Of the workers' time: what they wait for the decoder. */
  decodeShare: inside / (seconds * Number(values.workers)),
  /** The same frames decoded and thrown away, one thread: how far from the limit. */
  decodeOnly: {
    frames,
    seconds: decodeSeconds,
    timesFaster: seconds / (decodeSeconds / Number(values.workers)),
  },
};
process.stdout.write(`${JSON.stringify(result, null, 1)}\n`);
if (values.write) {
  await mkdir('bench/results', { recursive: true });
  await writeFile('bench/results/prepare.json', `${JSON.stringify(result, null, 1)}\n`);
}
