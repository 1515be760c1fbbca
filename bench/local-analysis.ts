/**
 * Time from drop to verdict for a 15-second 720p clip: through `mesoscope serve`, and in Chromium with WebAssembly on one
 * thread and on two, against `mesoscope scan`, interleaved in one run: `npx tsx bench/local-analysis.ts [--write]`. Needs a build, ../shared, Chromium.
 */
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { encodeVideo, type TimedPicture } from '../src/media/encode.ts';
import { resizePicture } from '../src/media/image.ts';
import { openClip } from '../src/media/open.ts';
import type { Picture } from '../src/media/types.ts';
import { MesoscopeClient } from '../src/server/client.ts';
import { openBrowser, openSite } from '../test/browser/page.ts';
import { runChild } from './child.ts';
import { machine, median } from './machine.ts';
import { serve } from './served.ts';

const rounds = 3;
const source = '../shared/data/dev/videos/dfdc-a-fake.mp4';
const seconds = 15;
const rate = 30;

interface Local {
  loadSeconds: number;
  seconds: number;
  score: number | null;
  stages: Record<string, number>;
  engine: { device: string; threads: number };
}

const folder = await mkdtemp(join(tmpdir(), 'mesoscope-local-'));
const clip = join(folder, 'clip.mp4');
await encodeVideo(thereAndBack(), clip, { frameRate: rate });
const server = await serve(['--data', join(folder, 'served'), '--jobs', '1'], 0);
const client = new MesoscopeClient({ baseUrl: server.url });
const site = await openSite();
const browser = await openBrowser();

const runs: Record<
  string,
  { seconds: number[]; load: number[]; stages: Record<string, number>; score: unknown }
> = {};
const busy: number[] = [];
for (let round = 0; round < rounds; round++) {
  busy.push(loadavg()[0]);
  const command = await scan();
  keep('mesoscope scan', command.seconds, 0, command.timing, command.score);
  const served = await throughServer();
  keep('mesoscope serve', served.seconds, 0, served.timing, served.score);
  for (const threads of [1, 2]) {
    const local = await inBrowser(browser, threads);
    const name = `browser, ${local.engine.device === 'cpu' ? 'WebAssembly' : 'WebGPU'}, ${threads} thread${threads === 1 ? '' : 's'}`;
    keep(name, local.seconds, local.loadSeconds, local.stages, local.score);
    console.log(
      `round ${round + 1}: mesoscope scan ${round3(command.seconds)} s, ${name} ${round3(local.seconds)} s`,
    );
  }
}
await browser.close();
await site.close();
server.kill('SIGTERM');
await server.ended;

const base = runs['mesoscope scan'].seconds;
const rows = Object.entries(runs).map(([name, run]) => ({
  name,
  seconds: round3(median(run.seconds)),
  // Of each round, since the machine's other work comes and goes.
  ratio: round3(median(run.seconds.map((taken, round) => taken / base[round]))),
  rounds: run.seconds.map(round3),
  ...(median(run.load) > 0 ? { loadSeconds: round3(median(run.load)) } : {}),
  score: run.score,
  stages: run.stages,
}));
for (const row of rows) console.log(JSON.stringify(row));
if (process.argv.includes('--write')) {
  const version = browser.version();
  const caveat =
    'Medians of interleaved rounds; ratio = time / mesoscope scan of the same round. `mesoscope scan` is the whole process, start-up and ' +
    'loading included; `mesoscope serve` runs already, and its time is from the upload to the document, a process of its own for ' +
    'the clip; the browser is the time from the call with the dropped file to the result, faces encoded, its ' +
    'networks loaded before (loadSeconds, once a visit, from a server on the same machine into an empty cache, WebAssembly ' +
    'compiled anew). Stages are of the last round, in seconds; decoding goes on while networks run. A DFDC clip of 10 s ' +
    'forwards and half of it backwards, 1280x720, 450 frames, H.264 CRF 23, key frames every 250; 32 frames are looked at. ' +
    'The machine was shared with other work meanwhile: loadAverage is that of one minute before each round, and says how ' +
    'much; trust ratios before seconds.';
  const result = {
    machine: { ...machine(), chromium: version },
    rounds,
    loadAverage: busy.map(round3),
    clipBytes: (await stat(clip)).size,
    caveat,
    rows,
  };
  await writeFile('bench/results/local-analysis.json', `${JSON.stringify(result, null, 2)}\n`);
}
await rm(folder, { recursive: true });

function keep(
  name: string,
  took: number,
  load: number,
  stages: Record<string, number>,
  score: unknown,
): void {
  runs[name] ??= { seconds: [], load: [], stages, score };
  runs[name].seconds.push(took);
  runs[name].load.push(load);
  runs[name].stages = stages;
}

async function scan() {
  const args = ['dist/cli/main.js', 'scan', clip, '--json', '--quiet'];
  const run = await runChild(process.execPath, args);
  if (run.code !== 0) throw new Error(`the scan failed: ${run.stderr}`);
  const result = JSON.parse(run.stdout);
  return { seconds: run.seconds, timing: result.timing as Record<string, number>, score: result.score };
}

/** Upload, queue, a process of its own, and the finished document fetched. */
async function throughServer() {
  const blob = new Blob([new Uint8Array(await readFile(clip))]);
  const begun = performance.now();
  const { id } = await client.upload(blob, { name: 'clip.mp4' });
  const { result } = await client.finished(id);
  const taken = (performance.now() - begun) / 1000;
  // The next round's is a clip of its own again.
  await client.delete(id);
  return {
    seconds: taken,
    timing: (result?.timing ?? {}) as Record<string, number>,
    score: result?.score ?? null,
  };
}

/** A visit with nothing kept: the networks are loaded, then the clip is dropped. */
async function inBrowser(chromium: Browser, threads: number): Promise<Local> {
  const context = await chromium.newContext();
  const page = await context.newPage();
  // `tsx` names functions with a helper that a page does not have.
  await page.addInitScript({ content: 'globalThis.__name = (value) => value' });
  await page.goto(site.url);
  await page.setInputFiles('input', {
    name: 'clip.mp4',
    mimeType: 'video/mp4',
    buffer: await readFile(clip),
  });
  const local = await page.evaluate(async (count) => {
    const begun = performance.now();
    const engine = await window.local.prepareLocal({ threads: count });
    const loaded = performance.now();
    const { result } = await window.local.analyseLocally(window.chosen(), { name: 'clip.mp4' });
    const ended = performance.now();
    return {
      engine,
      loadSeconds: (loaded - begun) / 1000,
      seconds: (ended - loaded) / 1000,
      score: result.score,
      stages: result.timing,
    };
  }, threads);
  await context.close();
  return local;
}

/** No cut where it turns: people go on moving, backwards. */
async function* thereAndBack(): AsyncGenerator<TimedPicture> {
  const kept: Picture[] = [];
  const reader = await openClip(source);
  for await (const frame of reader.frames({ kind: 'range', start: 0, count: seconds * rate })) {
    kept.push(await resizePicture(frame, 1280, 720));
  }
  await reader.close();
  for (let i = 0; i < seconds * rate; i++) {
    const at = i % (2 * kept.length - 2);
    yield { ...kept[at < kept.length ? at : 2 * kept.length - 2 - at], timeSeconds: i / rate };
  }
}

function round3(value: number): number {
  return Math.round(value * 1000) / 1000;
}
