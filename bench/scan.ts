/**
 * A whole scan against what a Python user runs today (`../shared/bench/peer_scan.py`: OpenCV, Viola-Jones,
 * PyTorch Meso-4), both started from nothing, interleaved in one run: `npx tsx bench/scan.ts [--write]`.
 * Needs a build (`npm run build`), ../shared, and Debian's python3-torch, python3-opencv and python3-h5py.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { importKeras } from '../src/detect/import-keras.ts';
import { runChild } from './child.ts';
import { machine, median } from './machine.ts';

const rounds = 5;
const clips = ['ffpp-c40-183.mp4', 'hdtf-WDA_KatieHill_000.mp4'];
const shared = '../shared';

const folder = await mkdtemp(join(tmpdir(), 'mesoscope-bench-'));
const detector = join(folder, 'meso4-df.onnx');
const weights = `${shared}/data/mesonet/Meso4_DF.h5`;
await writeFile(detector, (await importKeras(weights, 'meso4')).bytes);

const rows = [];
for (const clip of clips) {
  const path = `${shared}/data/dev/videos/${clip}`;
  const times: Record<string, number[]> = { ours: [], keyframes: [], peer: [] };
  let faces = { ours: 0, keyframes: 0, peer: 0 };
  let stages: Record<string, number> = {};
  for (let round = 0; round < rounds; round++) {
    const ours = await scan(path, 'even:32');
    const keyframes = await scan(path, 'keyframes');
    const peer = await runChild('/usr/bin/python3', [`${shared}/bench/peer_scan.py`, path, weights, '32']);
    if (peer.code !== 0) throw new Error(`the peer failed: ${peer.stderr}`);
    const told = JSON.parse(peer.stdout);
    times.ours.push(ours.seconds);
    times.keyframes.push(keyframes.seconds);
    times.peer.push(peer.seconds);
    faces = { ours: ours.faces, keyframes: keyframes.faces, peer: told.faces };
    stages = ours.timing;
  }
  const seconds = Object.fromEntries(
    Object.entries(times).map(([name, list]) => [name, round3(median(list))]),
  );
  rows.push({
    clip,
    seconds,
    ratio: {
      even32: round3(seconds.peer / seconds.ours),
      keyframes: round3(seconds.peer / seconds.keyframes),
    },
    faces,
    stages,
  });
  console.log(JSON.stringify(rows.at(-1)));
}
await rm(folder, { recursive: true });

if (process.argv.includes('--write')) {
  const caveat =
    'Wall time of the whole process, start-up included; medians of interleaved rounds; ratio = peer / ours. The peer is ' +
    'Debian’s PyTorch 1.13 with oneDNN on a generic BLAS. Stages are of the last round, in seconds.';
  await writeFile(
    'bench/results/scan.json',
    `${JSON.stringify({ machine: machine(), rounds, caveat, rows }, null, 2)}\n`,
  );
}

async function scan(path: string, sample: string) {
  const args = [
    'dist/cli/main.js',
    'scan',
    path,
    '--detector',
    detector,
    '--sample',
    sample,
    '--json',
    '--quiet',
  ];
  const { stdout, stderr, code, seconds } = await runChild(process.execPath, args);
  if (code !== 0) throw new Error(`the scan failed: ${stderr}`);
  const result = JSON.parse(stdout);
  const faces = result.tracks.reduce((sum: number, track: { faces: number }) => sum + track.faces, 0);
  return { seconds, faces, timing: result.timing as Record<string, number> };
}

function round3(value: number): number {
  return Math.round(value * 1000) / 1000;
}
