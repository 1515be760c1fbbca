/**
 * An archive of very many small files: memory over time, and how soon it goes on after kill -9.
 * `npm run build && npx tsx bench/archive.ts [--write] [--files 100000] [--kills 3] [--redraw]`
 *
 * Files are clips of three frames, each with bytes of its own: one in a hundred shows a real face (where the shared data is
 * there), one in a thousand is cut off in the middle. The scan is killed where a quarter, a half and three quarters are done,
 * begun again, and run once more when nothing is left to do.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import * as echarts from 'echarts';
import { encodeVideo, type TimedPicture } from '../src/media/encode.ts';
import { openClip } from '../src/media/open.ts';
import { processTree } from './child.ts';
import { machine } from './machine.ts';
import { option } from './queued.ts';
import { rounded, variant } from './served.ts';

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));

interface Moment {
  seconds: number;
  done: number;
  /** Of the command, and of the two processes that open the files. */
  commandMiB: number;
  readerMiB: number;
}

if (process.argv.includes('--redraw')) {
  const { moments } = JSON.parse(readFileSync(path('./results/archive.json'), 'utf8'));
  writeFileSync(path('./results/archive.svg'), plot(moments));
  process.exit();
}
const [files, kills] = [option('files', 100_000), option('kills', 3)];
const folder = mkdtempSync(join(tmpdir(), 'mesoscope-archive-'));
const [archive, out] = [join(folder, 'archive'), join(folder, 'out')];

async function* drawn(): AsyncGenerator<TimedPicture> {
  for (let i = 0; i < 3; i++) {
    const data = new Uint8Array(160 * 120 * 3).map((_, k) => ((k >> 5) * 7 + i * 40) % 251);
    yield { width: 160, height: 120, data, timeSeconds: i / 25 };
  }
}

async function* faces(source: string): AsyncGenerator<TimedPicture> {
  const reader = await openClip(source);
  let i = 0;
  for await (const { width, height, data } of reader.frames({ kind: 'range', start: 0, count: 3 })) {
    yield { width, height, data: data.slice(), timeSeconds: i++ / 25 };
  }
  await reader.close();
}

async function clip(pictures: AsyncGenerator<TimedPicture>, name: string): Promise<Blob> {
  await encodeVideo(pictures, join(folder, name));
  return new Blob([readFileSync(join(folder, name))]);
}

async function fill(): Promise<{ faces: number; broken: number; bytes: number }> {
  const source = path('../../shared/data/dev/videos/ffpp-c40-183.mp4');
  const plain = await clip(drawn(), 'plain.mp4');
  const face = existsSync(source) ? await clip(faces(source), 'face.mp4') : undefined;
  const made = { faces: 0, broken: 0, bytes: 0 };
  for (let n = 0; n < files; n++) {
    const inside = join(archive, `${Math.floor(n / 1000)}`.padStart(4, '0'));
    if (n % 1000 === 0) mkdirSync(inside, { recursive: true });
    const kind = n % 1000 === 999 ? 'broken' : n % 100 === 50 && face ? 'face' : 'plain';
    const bytes = Buffer.from(await variant(kind === 'face' && face ? face : plain, n).arrayBuffer());
    const kept = kind === 'broken' ? bytes.subarray(0, bytes.length >> 1) : bytes;
    writeFileSync(join(inside, `${n}.mp4`), kept);
    if (kind === 'face') made.faces++;
    if (kind === 'broken') made.broken++;
    made.bytes += kept.length;
  }
  return made;
}

/** Lines of results so far: whole parts are counted once. */
const whole = new Map<string, number>();
function linesDone(): number {
  let lines = 0;
  const results = join(out, 'results');
  const parts = existsSync(results)
    ? readdirSync(results)
        .filter((name) => name.endsWith('.jsonl'))
        .sort()
    : [];
  for (const [i, part] of parts.entries()) {
    const known = whole.get(part);
    const count = known ?? readFileSync(join(results, part), 'latin1').split('\n').length - 1;
    if (i < parts.length - 1) whole.set(part, count);
    lines += count;
  }
  return lines;
}

const moments: Moment[] = [];
const begun = performance.now();

function start(): ChildProcess {
  const args = [
    'scan',
    archive,
    '--archive',
    '--out',
    out,
    '--sample',
    'even:1',
    '--threads',
    '1',
    '--jobs',
    '2',
    '--quiet',
  ];
  return spawn(process.execPath, [path('../dist/cli/main.js'), ...args], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
}

/** Until it ends, or so many are done: then it is killed. @returns seconds until it ended, and until the first new line */
async function run(until: number): Promise<{ seconds: number; firstLineSeconds: number; killedAt?: number }> {
  const before = linesDone();
  const started = performance.now();
  const child = start();
  const ended = once(child, 'exit');
  let [firstLineSeconds, last, over] = [Number.NaN, 0, false];
  void ended.then(() => {
    over = true;
  });
  while (!over) {
    await Promise.race([ended, setTimeout(Number.isNaN(firstLineSeconds) ? 50 : 1000)]);
    const [now, done] = [performance.now(), linesDone()];
    if (Number.isNaN(firstLineSeconds) && done > before) firstLineSeconds = (now - started) / 1000;
    if (now - last > 10_000 && child.pid !== undefined) {
      last = now;
      const [command, ...others] = processTree(child.pid);
      const readerMiB = Math.round(others.reduce((sum, { residentMiB }) => sum + residentMiB, 0));
      const commandMiB = Math.round(command?.residentMiB ?? 0);
      moments.push({ seconds: Math.round((now - begun) / 1000), done, commandMiB, readerMiB });
      if (moments.length % 6 === 0) console.log(JSON.stringify(moments.at(-1)));
    }
    if (done >= until) {
      child.kill('SIGKILL');
      await ended;
      return { seconds: (now - started) / 1000, firstLineSeconds, killedAt: done };
    }
  }
  const [code] = await ended;
  // 1 tells that some files could not be read: those that were cut off.
  if (code !== 0 && code !== 1) throw new Error(`the scan ended with ${code}`);
  return { seconds: (performance.now() - started) / 1000, firstLineSeconds };
}

const made = await fill();
console.log(JSON.stringify({ files, ...made }));
const first = performance.now();
const runs = [];
for (let k = 1; k <= kills; k++) runs.push(await run(Math.floor((files * k) / (kills + 1))));
runs.push(await run(Number.POSITIVE_INFINITY));
const seconds = (performance.now() - first) / 1000;
const again = await run(Number.POSITIVE_INFINITY);

const seen = new Map<string, number>();
const verdicts: Record<string, number> = {};
for (const part of readdirSync(join(out, 'results'))) {
  for (const line of readFileSync(join(out, 'results', part), 'utf8')
    .split('\n')
    .filter(Boolean)) {
    const { seen: file, result } = JSON.parse(line);
    seen.set(file.path, (seen.get(file.path) ?? 0) + 1);
    const outcome = result.error?.code ?? result.verdict;
    verdicts[outcome] = (verdicts[outcome] ?? 0) + 1;
  }
}
const size = (name: string) =>
  readdirSync(join(out, name)).reduce((sum, file) => sum + statSync(join(out, name, file)).size, 0) / 2 ** 20;
const third = (k: number, column: 'commandMiB' | 'readerMiB') => {
  const some = moments.slice((k * moments.length) / 3, ((k + 1) * moments.length) / 3);
  return Math.round(some.reduce((sum, moment) => sum + moment[column], 0) / some.length);
};
const result = {
  machine: { ...machine(), load: loadavg().map((value) => rounded(value)) },
  caveat:
    'Files of three frames, one of them analysed, 160 x 120 but for those with a face; a training and a soak ran beside it on the same two cores, so its speed is that of half of them.',
  files,
  ...made,
  seconds: rounded(seconds),
  filesPerSecond: rounded(files / seconds),
  kills,
  secondsToGoOn: runs.slice(1).map(({ firstLineSeconds }) => rounded(firstLineSeconds, 2)),
  secondsWithNothingToDo: rounded(again.seconds, 2),
  lost: files - seen.size,
  scannedTwice: [...seen.values()].filter((count) => count > 1).length,
  verdicts,
  resultsMiB: rounded(size('results')),
  parquetMiB: rounded(size('parquet')),
  memoryMiB: {
    command: [0, 1, 2].map((k) => third(k, 'commandMiB')),
    reader: [0, 1, 2].map((k) => third(k, 'readerMiB')),
  },
  moments,
};
console.log(JSON.stringify({ ...result, moments: moments.length }, null, 2));
if (process.argv.includes('--write')) {
  writeFileSync(path('./results/archive.json'), `${JSON.stringify(result, null, 1)}\n`);
  writeFileSync(path('./results/archive.svg'), plot(moments));
}
rmSync(folder, { recursive: true, force: true });

function plot(of: readonly Moment[]): string {
  const chart = echarts.init(null, null, { renderer: 'svg', ssr: true, width: 900, height: 420 });
  const lines = { 'the command': 'commandMiB', 'both processes that open files': 'readerMiB' } as const;
  chart.setOption({
    animation: false,
    title: {
      text: 'Resident memory over the files that are done, MiB',
      left: 60,
      textStyle: { fontSize: 14 },
    },
    grid: { left: 60, right: 220, top: 50, bottom: 50 },
    xAxis: { type: 'value', name: 'files done', nameLocation: 'middle', nameGap: 28 },
    yAxis: { type: 'value', min: 0 },
    series: Object.entries(lines).map(([name, column]) => ({
      ...{ type: 'line', name, symbol: 'none', endLabel: { show: true, formatter: '{a}' } },
      data: of.map((moment) => [moment.done, moment[column]]),
    })),
  });
  const svg = chart.renderToSVGString();
  chart.dispose();
  return svg;
}
