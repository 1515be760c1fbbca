/**
 * 200 uploads from 20 clients on loopback with two job slots: is any lost, does memory stay flat, and how fast does the
 * API answer meanwhile? `npm run build && npx tsx bench/serve-load.ts [--write] [--uploads N] [--clients N] [--minutes N]`
 * After `--minutes` it waits no longer, and tells how many still wait: none may be missing.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { MesoscopeClient } from '../src/server/client.ts';
import { machine } from './machine.ts';
import { percentile, residentMiB, rounded, serve, shortClip, variant } from './served.ts';

const option = (name: string, otherwise: number) => {
  const index = process.argv.indexOf(`--${name}`);
  return index < 0 ? otherwise : Number(process.argv[index + 1]);
};
const [uploads, clients, slots] = [option('uploads', 200), option('clients', 20), option('jobs', 2)];
const patience = AbortSignal.timeout(option('minutes', 60) * 60_000);

const folder = mkdtempSync(join(tmpdir(), 'mesoscope-load-'));
const config = join(folder, 'config.json');
// All clients share one address here; the limits are for many. Two slots on two cores: a thread each.
writeFileSync(
  config,
  JSON.stringify({ rate: { reads: 1e6, changes: 1e6, streams: 1000 }, job: { threads: 1 } }),
);
const { blob, faces } = await shortClip(folder);
const server = await serve(['--data', join(folder, 'data'), '--jobs', `${slots}`, '--config', config], 0);
const client = () => new MesoscopeClient({ baseUrl: server.url });

const memory: { seconds: number; finished: number; mib: number }[] = [];
const latencies: Record<'list' | 'get' | 'health', number[]> = { list: [], get: [], health: [] };
const uploadSeconds: number[] = [];
const accepted: string[] = [];
const ends = new Map<string, string>();
const begun = performance.now();
let running = true;

async function sendAndWait(index: number): Promise<void> {
  const own = client();
  const mine: string[] = [];
  for (let k = index; k < uploads; k += clients) {
    const start = performance.now();
    const { id } = await own.upload(variant(blob, k), { name: `${k}.mp4`, sample: 'even:2' });
    uploadSeconds.push((performance.now() - start) / 1000);
    mine.push(id);
    accepted.push(id);
  }
  for (const id of mine) {
    if (patience.aborted) return;
    const clip = await own.finished(id, patience).catch(() => undefined);
    if (clip) ends.set(id, clip.status);
  }
}

async function probe(): Promise<void> {
  const own = client();
  const timed = async (kind: keyof typeof latencies, work: () => Promise<unknown>) => {
    const start = performance.now();
    await work();
    latencies[kind].push(performance.now() - start);
  };
  while (running) {
    await timed('list', () => own.list({ limit: 50 }));
    const id = accepted[Math.floor(Math.random() * accepted.length)];
    if (id) await timed('get', () => own.get(id));
    await timed('health', () => fetch(`${server.url}/api/health`).then((answer) => answer.text()));
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

const watch = setInterval(() => {
  memory.push({
    seconds: Math.round((performance.now() - begun) / 1000),
    finished: ends.size,
    mib: residentMiB(server.pid),
  });
}, 2_000);
const probing = probe();
const heartbeat = setInterval(
  () => console.log(`${accepted.length} accepted, ${ends.size} finished`),
  15_000,
);
await Promise.all(Array.from({ length: clients }, (_, index) => sendAndWait(index)));
running = false;
clearInterval(watch);
clearInterval(heartbeat);
await probing;
const seconds = (performance.now() - begun) / 1000;
const count = async (status?: 'done' | 'failed' | 'queued' | 'running') =>
  (await client().list({ limit: 1, ...(status ? { status } : {}) })).total;
const [done, failed, all] = [await count('done'), await count('failed'), await count()];
const waiting = (await count('queued')) + (await count('running'));
server.kill('SIGTERM');
await server.ended;
rmSync(folder, { recursive: true, force: true });

const summary = (values: number[]) => ({
  requests: values.length,
  medianMs: rounded(percentile(values, 0.5)),
  p95Ms: rounded(percentile(values, 0.95)),
  maxMs: rounded(Math.max(...values)),
});
const at = (share: number) => memory[Math.min(memory.length - 1, Math.floor(memory.length * share))]?.mib;
const result = {
  machine: { ...machine(), load: loadavg().map((value) => rounded(value)) },
  clip: faces ? 'eight frames of a real clip, 1280x720, two of them analysed' : 'eight drawn frames',
  uploads,
  clients,
  slots,
  accepted: accepted.length,
  done,
  failed,
  waitingAtTheEnd: waiting,
  lost: accepted.length - all,
  seconds: rounded(seconds),
  uploadP95Seconds: rounded(percentile(uploadSeconds, 0.95), 2),
  api: { list: summary(latencies.list), get: summary(latencies.get), health: summary(latencies.health) },
  serverMemoryMiB: {
    quarter: at(0.25),
    half: at(0.5),
    threeQuarters: at(0.75),
    end: at(1),
    peak: Math.max(...memory.map(({ mib }) => mib)),
  },
};
console.log(JSON.stringify(result, null, 2));
if (process.argv.includes('--write')) {
  writeFileSync(
    new URL('./results/serve-load.json', import.meta.url),
    `${JSON.stringify(result, null, 2)}\n`,
  );
}
