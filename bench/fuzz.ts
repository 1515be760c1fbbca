/**
 * Damaged and crafted files against everything that reads them, for as long as wanted:
 * `npm run build && npx tsx bench/fuzz.ts [--minutes N] [--seed S] [--every K] [--keep FOLDER] [--write]`
 *
 * Each input goes to a process that only reads (clip, model, bundle, recipe or manifest), and each Kth clip to a running server. Counted: what
 * was answered, how the reading process died, whether the server ever did, and whether any failure came with a score. Input
 * N of seed S is always the same; those that killed something are left in `--keep`, to become tests.
 */
import { type ChildProcess, fork } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Random } from '../src/base/random.ts';
import { detectorPath } from '../src/detect/bundled.ts';
import { encodeVideo, type TimedPicture } from '../src/media/encode.ts';
import { encodeJpeg, encodePng } from '../src/media/image.ts';
import { openSigner } from '../src/report/bundle/key.ts';
import { JobLog } from '../src/report/bundle/log.ts';
import { packBundle } from '../src/report/bundle/pack.ts';
import { MesoscopeClient } from '../src/server/client.ts';
import { craftedMedia, hostileNames } from '../test/hostile/crafted.ts';
import { mutated } from '../test/hostile/mutations.ts';
import { damagedText } from '../test/hostile/texts.ts';
import { sampleAnalyses } from '../test/report-samples.ts';
import type { Ask } from './fuzz-reader.ts';
import { machine } from './machine.ts';
import { residentMiB, serve } from './served.ts';

const at = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const option = (name: string, otherwise: string) => {
  const index = process.argv.indexOf(`--${name}`);
  return index < 0 ? otherwise : process.argv[index + 1];
};
const [minutes, seed, every] = [
  Number(option('minutes', '10')),
  Number(option('seed', '1')),
  Number(option('every', '20')),
];
/** Longest that one input may be read: processor time, and by the clock, on a machine that others keep busy. */
const [patienceCpuSeconds, patienceMs] = [60, 600_000];

/** Processor time of a process so far; 0 where /proc does not tell. */
function cpuSeconds(pid: number | undefined): number {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ');
    // utime and stime, in hundredths of a second (proc(5), fields 14 and 15).
    return (Number(fields[11]) + Number(fields[12])) / 100;
  } catch {
    return 0;
  }
}

const folder = mkdtempSync(join(tmpdir(), 'mesoscope-fuzz-'));
const keep = option('keep', join(tmpdir(), 'mesoscope-fuzz-kept'));

interface Part {
  name: string;
  bytes: Uint8Array;
}

function pictures(count: number): TimedPicture[] {
  return Array.from({ length: count }, (_, i) => {
    const data = new Uint8Array(160 * 120 * 3).map((_, k) => (k * 7 + i * 40) % 251);
    return { width: 160, height: 120, data, timeSeconds: i / 25 };
  });
}

async function corpora(): Promise<Record<Ask['kind'], Part[]>> {
  const media: Part[] = [];
  for (const name of ['a.mp4', 'b.mkv', 'c.avi', 'd.ts']) {
    const path = join(folder, name);
    await encodeVideo(pictures(10), path);
    media.push({ name, bytes: readFileSync(path) });
  }
  const [picture] = pictures(1);
  media.push(
    { name: 'e.jpg', bytes: await encodeJpeg(picture) },
    { name: 'f.png', bytes: await encodePng(picture) },
  );
  const videos = at('../../shared/data/dev/videos');
  for (const name of existsSync(videos) ? readdirSync(videos) : []) {
    const bytes = readFileSync(join(videos, name));
    // Real clips; large ones would make writing the measurement.
    if (bytes.length < 3_000_000) media.push({ name, bytes });
  }
  const { analysis, contract } = sampleAnalyses().likely;
  const bundle = packBundle({
    ...{ result: analysis.result, contract, name: 'clip.mp4', seed: 0, replay: '', log: new JobLog() },
    ...{ faces: {}, credentials: null, exhibit: {}, now: new Date(), files: new Map() },
    signer: await openSigner(join(folder, 'key.pem')),
  });
  const model = readFileSync(detectorPath('mesoinception4-dfdc-pairs'));
  return {
    media,
    model: [{ name: 'model.onnx', bytes: model }],
    bundle: [{ name: 'bundle.zip', bytes: bundle }],
    recipe: readdirSync(at('../recipes'))
      .filter((name) => /^[\w-]+\.json$/.test(name))
      .map((name) => ({ name, bytes: readFileSync(at(`../recipes/${name}`)) })),
    manifest: [{ name: 'manifest.csv', bytes: Buffer.from(manifest) }],
  };
}

const manifest = [
  'id,file,label,method,videoId,sourceId,mask,split',
  'a,pictures/a.png,real,original,v1,s1,,train',
  'b,pictures/b.png,manipulated,deepfakes,v2,s1,pictures/b.mask.png,train',
  '',
].join('\n');

mkdirSync(join(folder, 'pictures'));
for (const name of ['a.png', 'b.png', 'b.mask.png']) writeFileSync(join(folder, 'pictures', name), 'there');

const corpus = await corpora();
const crafted = craftedMedia(join(folder, 'secret'), 'http://127.0.0.1:9');

function damaged(kind: Ask['kind'], random: Random): Part {
  if ((kind === 'recipe' || kind === 'manifest') && random.uniform(0, 1) < 0.8) {
    const { name, bytes } = random.pick(corpus[kind]);
    return { name, bytes: damagedText(bytes, random) };
  }
  return mutated(corpus[kind], random);
}

/** The `n`th input of the seed. */
function input(n: number): Part & { kind: Ask['kind'] } {
  const random = new Random(seed, `input ${n}`);
  const draw = random.uniform(0, 1);
  if (draw < 0.05) return { kind: 'media', ...random.pick(crafted) };
  const kind =
    draw < 0.75
      ? 'media'
      : draw < 0.83
        ? 'model'
        : draw < 0.87
          ? 'bundle'
          : draw < 0.94
            ? 'recipe'
            : 'manifest';
  const { name, bytes } = damaged(kind, random);
  // A few were damaged where the new bytes are the old ones.
  const same = corpus[kind].some((part) => Buffer.compare(part.bytes, bytes) === 0);
  return same ? { kind: 'media', ...random.pick(crafted) } : { kind, name, bytes };
}

class Reader {
  #child: ChildProcess | undefined;

  read(ask: Ask): Promise<string> {
    this.#child ??= fork(at('./fuzz-reader.ts'), {
      execArgv: ['--import', 'tsx'],
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    });
    const child = this.#child;
    return new Promise((resolve) => {
      const end = (answer: string) => {
        clearInterval(clock);
        child.off('message', end).off('exit', died);
        resolve(answer);
      };
      const died = (code: number | null, signal: string | null) => {
        this.#child = undefined;
        end(hung ? 'HANG' : `CRASH ${signal ?? `exit ${code}`}`);
      };
      let hung = false;
      const [asked, used] = [performance.now(), cpuSeconds(child.pid)];
      const clock = setInterval(() => {
        const over =
          performance.now() - asked > patienceMs || cpuSeconds(child.pid) - used > patienceCpuSeconds;
        if (!over) return;
        hung = true;
        child.kill('SIGKILL');
      }, 1000);
      child.on('message', end).on('exit', died);
      child.send(ask);
    });
  }

  close(): void {
    this.#child?.disconnect();
  }
}

const counted = (counts: Record<string, number>, key: string) => {
  counts[key] = (counts[key] ?? 0) + 1;
};
const reading: Record<Ask['kind'], Record<string, number>> = {
  ...{ media: {}, model: {}, bundle: {}, recipe: {}, manifest: {} },
};
const served: Record<string, number> = {};
const kept: string[] = [];
let [inputs, asked, sent, scoredFailures, healthMisses, slowestHealthMs, serverDied] = [0, 0, 0, 0, 0, 0, 0];

const config = join(folder, 'config.json');
writeFileSync(
  config,
  JSON.stringify({ job: { threads: 1, seconds: 300, memoryMiB: 2048 }, rate: { reads: 1e6, changes: 1e6 } }),
);
const server = await serve(['--data', join(folder, 'data'), '--config', config], 0);
void server.ended.then(() => {
  serverDied++;
});
const client = new MesoscopeClient({ baseUrl: server.url });
const probe = setInterval(async () => {
  const start = performance.now();
  const answered = await fetch(`${server.url}/api/health`, {
    signal: AbortSignal.timeout(30_000),
    // Where this process is starved for longer than the server keeps a connection, a kept one is a miss of its own.
    headers: { connection: 'close' },
  }).catch(() => undefined);
  if (!answered?.ok) healthMisses++;
  slowestHealthMs = Math.max(slowestHealthMs, performance.now() - start);
}, 2_000);

async function ask(part: Part): Promise<void> {
  // Also after one that was refused for its name.
  const name = hostileNames[asked++ % hostileNames.length];
  const { id } = await client.upload(new Blob([new Uint8Array(part.bytes)]), { name, sample: 'even:2' });
  const clip = await client.finished(id);
  sent++;
  counted(served, clip.status === 'done' ? `done: ${clip.verdict}` : (clip.error?.code ?? clip.status));
  const { result } = clip;
  const failed = clip.status !== 'done' || result?.status === 'error' || result?.tracks.length === 0;
  if (failed && (clip.score !== null || (result?.score ?? null) !== null)) scoredFailures++;
  await client.delete(id);
}

/** Readers of documents go by them. */
const extensions: Partial<Record<Ask['kind'], string>> = { recipe: '.json', manifest: '.csv' };

const reader = new Reader();
const begun = performance.now();
const first = residentMiB(server.pid);
let waiting: Promise<void> = Promise.resolve();
while (performance.now() - begun < minutes * 60_000 && serverDied === 0) {
  const part = input(inputs);
  const path = join(folder, `input${extensions[part.kind] ?? ''}`);
  writeFileSync(path, part.bytes);
  const answer = await reader.read({ kind: part.kind, path });
  counted(reading[part.kind], answer.split('\n')[0]);
  if (/^(?:CRASH|HANG|FAULT)/.test(answer)) {
    mkdirSync(keep, { recursive: true });
    writeFileSync(join(keep, `seed-${seed}-input-${inputs}`), part.bytes);
    kept.push(`seed ${seed}, input ${inputs}: ${part.name}: ${answer.split('\n')[0]}`);
    console.error(`${part.name}: ${answer}`);
  }
  if (inputs % every === 0 && part.kind === 'media') {
    await waiting;
    waiting = ask(part).catch((error) => counted(served, `client: ${error}`));
  }
  inputs++;
}
await waiting;
const last = residentMiB(server.pid);
clearInterval(probe);
const died = serverDied;
server.kill('SIGTERM');
await server.ended;
reader.close();
rmSync(folder, { recursive: true, force: true });

const result = {
  machine: { ...machine(), load: loadavg().map((value) => Math.round(value * 10) / 10) },
  seed,
  minutes: Math.round((performance.now() - begun) / 6_000) / 10,
  inputs,
  reading,
  service: {
    inputs: sent,
    answers: served,
    crashes: died,
    healthMisses,
    slowestHealthMs: Math.round(slowestHealthMs),
    memoryMiB: { first, last },
  },
  failuresThatBecameScores: scoredFailures,
  kept,
};
console.log(JSON.stringify(result, null, 2));
if (process.argv.includes('--write')) {
  writeFileSync(at('./results/fuzz.json'), `${JSON.stringify(result, null, 2)}\n`);
}
