/**
 * Decoding against the ffmpeg program with two threads, on the same clip, interleaved, medians.
 *
 *   npx tsx bench/decode.ts [--write] [--runs N] [clip …]
 *
 * One JSON line a clip. `decode` is every frame to decoded state (`ffmpeg -threads 2 -i X -f null -`), `rgb`
 * every frame to RGB24 with the same scaler flags on both sides. ffmpeg's time includes the start of its process and ours
 * does not: `startMs` is what `ffmpeg` takes for one frame, so that readers can take it off (`ratioNet`).
 */
import { spawnSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus, loadavg } from 'node:os';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { getFFmpegInfo } from 'node-av/lib';
import { Decoder } from '../src/media/decoder.ts';
import { openContainer } from '../src/media/demux.ts';
import { readHead } from '../src/media/file.ts';
import { openClip } from '../src/media/open.ts';
import { breather, readPackets } from '../src/media/scan.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { write: { type: 'boolean', default: false }, runs: { type: 'string', default: '5' } },
});
const videos = fileURLToPath(new URL('../../shared/data/dev/videos/', import.meta.url));
const clips = positionals.length
  ? positionals
  : ['ffpp-c40-183.mp4', 'hdtf-WDA_KatieHill_000.mp4', 'dfdc-a-fake.mp4', 'grid-bbaf2n.mpg'].map(
      (name) => videos + name,
    );
const runs = Number(values.runs);
const threads = 2;

const median = (numbers: readonly number[]): number => {
  const sorted = [...numbers].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
};

/** Opens, reads and decodes every packet; what `openClip` does below the conversion to RGB. */
async function decodeAll(path: string): Promise<{ ms: number; frames: number }> {
  const start = performance.now();
  const container = await openContainer(await readHead(path), true);
  const { stream, decoder: codec } = container;
  const decoder = new Decoder({
    codec,
    parameters: stream.codecpar,
    timeBase: stream.timeBase,
    threads,
    maxPixels: 1e8,
  });
  let frames = 0;
  for await (const packet of readPackets(
    container,
    breather(() => undefined),
  )) {
    for (const _ of decoder.decode(packet)) frames++;
  }
  for (const _ of decoder.decode(null)) frames++;
  decoder.close();
  await container.format.closeInput();
  return { ms: performance.now() - start, frames };
}

async function drawAll(path: string, keyframes: boolean): Promise<{ ms: number; frames: number }> {
  const start = performance.now();
  const reader = await openClip(path, { threads });
  let frames = 0;
  for await (const _ of reader.frames(keyframes ? { kind: 'keyframes' } : { kind: 'every', step: 1 }))
    frames++;
  await reader.close();
  return { ms: performance.now() - start, frames };
}

function ffmpeg(args: readonly string[]): number {
  const start = performance.now();
  const { status, stderr } = spawnSync('ffmpeg', ['-v', 'error', '-nostdin', ...args], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  if (status !== 0) throw new Error(`ffmpeg ${args.join(' ')}: ${stderr}`);
  return performance.now() - start;
}

const scale = 'scale=flags=bicubic+accurate_rnd+full_chroma_int+full_chroma_inp,format=rgb24';
const machine = {
  cpu: cpus()[0]?.model,
  cores: availableParallelism(),
  node: process.version,
  ffmpegInProcess: getFFmpegInfo().version,
  ffmpegProgram: spawnSync('ffmpeg', ['-version']).stdout.toString().split('\n')[0],
  date: new Date().toISOString(),
  loadBefore: loadavg()[0],
};

const results: unknown[] = [];
for (const path of clips.filter((clip) => existsSync(clip))) {
  const times = {
    ours: [] as number[],
    peer: [] as number[],
    oursRgb: [] as number[],
    peerRgb: [] as number[],
  };
  const start: number[] = [];
  let frames = 0;
  // One round unmeasured: the file gets into the page cache and the code is compiled.
  for (let run = -1; run < runs; run++) {
    const input = ['-threads', String(threads), '-i', path, '-map', '0:v:0', '-fps_mode', 'passthrough'];
    const ours = await decodeAll(path);
    const peer = ffmpeg([...input, '-f', 'null', '-']);
    const oursRgb = await drawAll(path, false);
    const peerRgb = ffmpeg([...input, '-vf', scale, '-f', 'null', '-']);
    const one = ffmpeg([...input, '-frames:v', '1', '-f', 'null', '-']);
    frames = ours.frames;
    if (run < 0) continue;
    times.ours.push(ours.ms);
    times.peer.push(peer);
    times.oursRgb.push(oursRgb.ms);
    times.peerRgb.push(peerRgb);
    start.push(one);
  }
  const keys = await drawAll(path, true);
  const [ours, peer, oursRgb, peerRgb] = [times.ours, times.peer, times.oursRgb, times.peerRgb].map(median);
  const startMs = median(start);
  const round = (value: number) => Math.round(value * 1000) / 1000;
  const result = {
    clip: basename(path),
    frames,
    threads,
    runs,
    decode: {
      msPerFrame: round(ours / frames),
      ffmpegMsPerFrame: round(peer / frames),
      ratio: round(peer / ours),
      ratioNet: round((peer - startMs) / ours),
    },
    rgb: {
      msPerFrame: round(oursRgb / frames),
      ffmpegMsPerFrame: round(peerRgb / frames),
      ratio: round(peerRgb / oursRgb),
      ratioNet: round((peerRgb - startMs) / oursRgb),
    },
    keyframes: { frames: keys.frames, ms: round(keys.ms) },
    ffmpegStartMs: round(startMs),
    load: round(loadavg()[0]),
  };
  results.push(result);
  console.log(JSON.stringify({ ...result, machine }));
}

if (values.write) {
  const caveats = [
    'ratio = ffmpeg time / our time: above 1 we are faster; the target is 0.6.',
    'ratioNet takes the start of the ffmpeg process (startMs) off its side; ours includes opening and probing.',
    'load is the 1-minute load average after the clip: above the core count, figures are provisional.',
  ];
  const text = JSON.stringify({ what: 'decode', target: 0.6, machine, caveats, results }, null, 2);
  writeFileSync(new URL('./results/decode.json', import.meta.url), `${text}\n`);
}
